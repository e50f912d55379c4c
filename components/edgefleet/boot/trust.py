"""Step: the certificates that the node trusts besides those of its system, before anything is downloaded.

Sources: Debian's update-ca-certificates(8), Fedora CoreOS docs ("Configuring trusted certificates"), Flatcar
docs ("Adding certificate authorities"). Debian takes files of one certificate each. Programs of the node and
containerd read the system's store; containers have their own.
"""

import hashlib

from edgefleet.io.templates import render
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.registries import certificates
from edgefleet.runtimes import runtime_of

FOLDER = "/etc/edgefleet/certificates"
PROGRAM = "/usr/local/lib/edgefleet/trust"


def plan(target: Target) -> Step:
    """The certificates and the program that adds them; without any, the removal of earlier ones."""
    texts = [text for bundle in target.settings.trusted_certificates for text in certificates(bundle)]
    named = {hashlib.sha256(text.encode()).hexdigest()[:16]: text for text in texts}
    if not named:
        return Step.removal(PROGRAM, PROGRAM, f"rm -rf {FOLDER} {PROGRAM}")
    program = render("safety/trust.sh.j2", unit=runtime_of(target.node).unit)
    files = (File.text(f"{FOLDER}/{name}.pem", text) for name, text in named.items())
    return Step(files=(*files, File.program(PROGRAM, program)), commands=((PROGRAM, *sorted(named)),))
