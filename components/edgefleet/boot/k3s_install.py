"""Step: k3s itself, downloaded once, verified before it runs, and never downloaded again."""

from urllib.parse import quote

from edgefleet.io.templates import render
from edgefleet.model.firstboot import Box, File, Step, Unit
from edgefleet.model.site import Role
from edgefleet.runtimes.base.k3s_release import BINARIES, SUMS

SCRIPT = "/usr/local/lib/edgefleet/install-k3s"
UNIT = "edgefleet-k3s-install.service"
CARRIED = "bin/k3s"
"""Where k3s is in a payload."""
SERVICES: dict[Role, str] = {"server": "k3s.service", "agent": "k3s-agent.service"}
"""dict[role -> name of k3s's unit]."""


def plan(box: Box) -> Step:
    """A script that installs k3s from the payload or by download, beside the k3s that runs, and its unit."""
    k3s, arch = box.site.k3s, box.node.arch
    carried = next((file.digest for file in box.node.payload if file.path == CARRIED), "")
    base = f"{k3s.release_url}/{quote(k3s.version, safe='')}"
    script = render(
        "k3s/install-k3s.sh.j2",
        unit=SERVICES[box.node.role],
        airgap="yes" if box.site.airgap else "no",
        version=k3s.version,
        url=f"{base}/{BINARIES[arch]}",
        sums_url=f"{base}/{SUMS[arch]}",
        asset=BINARIES[arch],
        sha256=k3s.sha256.get(arch, "") or carried.removeprefix("sha256:"),
    )
    return Step(
        files=(File(path=SCRIPT, content=script.encode(), mode=0o755),),
        units=(Unit(name=UNIT, text=render("k3s/edgefleet-k3s-install.service.j2", script=SCRIPT)),),
    )
