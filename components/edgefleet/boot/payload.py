"""Step: the payload of an air-gapped image: find it on any medium, verify it and install it for k3s.

Layout: ``bin/<name>``, ``images/<name>.tar[.zst]``, ``SHA256SUMS``. The seed pins the digests of programs; an
archive of a container image is known to the seed by its manifest only, so that its bytes are verified against
``SHA256SUMS`` beside it. Archives go to k3s's own folder (k3s docs, installation/airgap): as a link where the
payload is a partition of the disk that the system is on, else as a copy, as a medium may be taken away.
"""

from edgefleet.io.templates import render
from edgefleet.model.firstboot import BootStep, File, Step, Target, Unit

FOLDER = "/etc/edgefleet/payload"
SCRIPT = "/usr/local/lib/edgefleet/payload"
UNIT = "edgefleet-payload.service"


def plan(target: Target) -> Step:
    """The script, the lists of files, and its unit; nothing if the image has no payload."""
    if not target.site.airgap and not target.node.payload:
        return Step()
    carried = sorted(target.node.payload, key=lambda file: file.path)
    programs = [file for file in carried if file.path.startswith("bin/")]
    archives = [file for file in carried if file.path.startswith("images/")]
    lines = {
        "programs": [f"{file.digest.removeprefix('sha256:')}  {file.path}" for file in programs],
        "archives": [file.path for file in archives],
    }
    listed = tuple(
        File(path=f"{FOLDER}/{name}", content="".join(f"{line}\n" for line in entries).encode())
        for name, entries in lines.items()
    )
    script = File(path=SCRIPT, content=render("heal/payload.sh.j2").encode(), mode=0o755)
    return Step(
        files=(*listed, script),
        units=(Unit(name=UNIT, text=render("heal/edgefleet-payload.service")),),
        commands=(("systemctl", "restart", "--no-block", UNIT),),
    )


STEP = BootStep(name="payload", plan=plan)
