"""Step: the payload of an air-gapped image: find it on any medium, verify it and install it for the runtime.

Layout: ``bin/<name>``, ``images/<name>.tar[.zst]``. The seed pins digest and size of each file; nothing on
the medium is trusted, as anyone at the node can insert one with the right label. The copy of a file is
verified, as a medium may give other bytes when it is read again. Archives go to the runtime's own folder (k3s
docs, installation/airgap): as a link only where the payload is on the disk that the system is on.
"""

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.writers.shell import rest
from edgefleet.runtimes import runtime_of

LIST = "/etc/edgefleet/payload"
SCRIPT = "/usr/local/lib/edgefleet/payload"
UNIT = "edgefleet-payload.service"


def plan(target: Target) -> Step:
    """The script, its list of files, and its unit; nothing if the image has no payload."""
    if not target.site.airgap and not target.node.payload:
        return Step()
    carried = sorted(target.node.payload, key=lambda file: file.path)
    lines = (f"{file.digest.removeprefix('sha256:')} {file.size:d} {rest(file.path)}\n" for file in carried)
    runtime = runtime_of(target.node)
    script = render("heal/payload.sh.j2", images=runtime.images)
    return Step(
        files=(File.text(LIST, "".join(lines)), File.program(SCRIPT, script)),
        units=(unit(f"heal/{UNIT}.j2", product=runtime.product, starts=runtime.starts),),
        commands=(("systemctl", "restart", "--no-block", UNIT),),
    )
