"""Step: after the first boot, cloud-init runs only for a seed that is sealed for this node.

cloud-init itself applies any medium labelled ``cidata`` at the next start. A condition keeps its stages off
unless a unit before them verified the seal; that unit hands over the verified bytes in memory and turns off
cloud-init's own search for labels (cloud-init, datasources/nocloud, ``fs_label``). The first boot's commands
set the mark that ends it, so that after a power cut it continues with its seed. On a system without
cloud-init these files do nothing: Ignition runs once in the life of a node, and root runs a script.
"""

from collections.abc import Iterator

from edgefleet.io.templates import render, unit
from edgefleet.keys.seed_seal import seal_key
from edgefleet.model.firstboot import File, Secret, Step, Target
from edgefleet.model.site import SiteSpec

PROGRAM = "/usr/local/lib/edgefleet/accept-seed"
KEY = "/etc/edgefleet/seal.key"
MARK = "/var/lib/edgefleet/sealed"
STAGES = ("local", "main", "network")
GATED = (*(f"cloud-init-{stage}" for stage in STAGES), "cloud-init", "cloud-config", "cloud-final")
"""Units of cloud-init's stages, 22 to 25."""


def plan(target: Target) -> Step:
    """The key (0600), the program and its unit, and the conditions of cloud-init's units."""
    condition = render("safety/cloud-init.conf")
    return Step(
        files=(
            File.text(KEY, f"{seal_key(target.key, node=target.name)}\n", mode=0o600, is_secret=True),
            File.program(PROGRAM, render("safety/accept-seed.py.j2")),
            *(File.text(f"/etc/systemd/system/{name}.service.d/edgefleet.conf", condition) for name in GATED),
        ),
        units=(unit("safety/edgefleet-seed.service"),),
        commands=(("install", "-D", "-m", "0644", "/dev/null", MARK),),
    )


def secrets(site: SiteSpec, key: str) -> Iterator[Secret]:
    """The key of each node's seal."""
    for node in site.nodes:
        yield "the key of a seed's seal", seal_key(key, node=node)
