"""Step: k3s itself, fetched once, verified before it is run, and never again asked of the link.

Asset names: k3s release assets say ``k3s``, ``k3s-arm64`` and ``k3s-armhf`` for the binary, but
``sha256sum-arm.txt`` for armhf's list (k3s, scripts and install.sh).
"""

from urllib.parse import quote

from edgefleet.io.templates import render
from edgefleet.model.firstboot import Box, File, Step, Unit
from edgefleet.model.site import Arch

ASSETS: dict[Arch, tuple[str, str]] = {
    "amd64": ("k3s", "sha256sum-amd64.txt"),
    "arm64": ("k3s-arm64", "sha256sum-arm64.txt"),
    "armhf": ("k3s-armhf", "sha256sum-arm.txt"),
}
SCRIPT = "/usr/local/lib/edgefleet/install-k3s"
UNIT = "edgefleet-k3s-install.service"


def plan(box: Box) -> Step:
    """A script that brings the binary, and the unit that runs it before k3s at every boot."""
    k3s = box.site.k3s
    asset, sums = ASSETS[box.node.arch]
    base = f"{k3s.release_url}/{quote(k3s.version, safe='')}"
    script = render(
        "boot/install-k3s.sh.j2",
        version=k3s.version,
        url=f"{base}/{asset}",
        sums_url=f"{base}/{sums}",
        asset=asset,
        sha256=k3s.sha256.get(box.node.arch, ""),
    )
    unit = render("boot/edgefleet-k3s-install.service.j2", script=SCRIPT)
    return Step(
        files=(File(path=SCRIPT, content=script.encode(), mode=0o755),),
        units=(Unit(name=UNIT, text=unit),),
    )
