"""Step: what an air-gapped image carries, found on whatever medium it came, verified and put where k3s looks.

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
    """The script, what it looks for, and its unit; nothing where the image carries nothing."""
    if not target.site.airgap and not target.node.payload:
        return Step()
    carried = sorted(target.node.payload, key=lambda file: file.path)
    programs = [each for each in carried if each.path.startswith("bin/")]
    archives = [each for each in carried if each.path.startswith("images/")]
    lines = {
        "programs": [f"{each.digest.removeprefix('sha256:')}  {each.path}" for each in programs],
        "archives": [each.path for each in archives],
    }
    listed = tuple(
        File(path=f"{FOLDER}/{name}", content="".join(f"{line}\n" for line in of_it).encode())
        for name, of_it in lines.items()
    )
    script = File(path=SCRIPT, content=render("heal/payload.sh.j2").encode(), mode=0o755)
    return Step(
        files=(*listed, script),
        units=(Unit(name=UNIT, text=render("heal/edgefleet-payload.service")),),
        commands=(("systemctl", "restart", "--no-block", UNIT),),
    )


STEP = BootStep(name="payload", plan=plan)
