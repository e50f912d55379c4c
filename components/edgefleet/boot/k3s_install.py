"""Step: k3s itself, fetched once, verified before it is run, and never again asked of the link."""

from typing import Any
from urllib.parse import quote

from edgefleet.fleetfile.artifacts_lock import BINARIES, SUMS
from edgefleet.io.templates import render
from edgefleet.model.firstboot import Box, File, Step, Unit
from edgefleet.model.site import Role

SCRIPT = "/usr/local/lib/edgefleet/install-k3s"
UNIT = "edgefleet-k3s-install.service"
CARRIED = "bin/k3s"
"""Where k3s is in a payload."""
SERVICES: dict[Role, str] = {"server": "k3s.service", "agent": "k3s-agent.service"}
"""dict[role -> name of k3s's unit]."""


def plan(box: Box) -> Step:
    """A script that brings the binary, and the unit that runs it before k3s at every boot."""
    script = render("boot/install-k3s.sh.j2", **_wanted(box))
    unit = render("boot/edgefleet-k3s-install.service.j2", script=SCRIPT)
    return _written(script, unit)


def plan_beside(box: Box) -> Step:
    """Recipe 2: from the payload first, beside the k3s that runs, and with the one before kept."""
    wanted = _wanted(box)
    carried = next((file.digest for file in box.node.payload if file.path == CARRIED), "")
    wanted["sha256"] = wanted["sha256"] or carried.removeprefix("sha256:")
    script = render(
        "heal/install-k3s.sh.j2",
        unit=SERVICES[box.node.role],
        airgap="yes" if box.site.airgap else "no",
        **wanted,
    )
    return _written(script, render("heal/edgefleet-k3s-install.service.j2", script=SCRIPT))


def _wanted(box: Box) -> dict[str, Any]:
    k3s = box.site.k3s
    asset, sums = BINARIES[box.node.arch], SUMS[box.node.arch]
    base = f"{k3s.release_url}/{quote(k3s.version, safe='')}"
    return {
        "version": k3s.version,
        "url": f"{base}/{asset}",
        "sums_url": f"{base}/{sums}",
        "asset": asset,
        "sha256": k3s.sha256.get(box.node.arch, ""),
    }


def _written(script: str, unit: str) -> Step:
    return Step(
        files=(File(path=SCRIPT, content=script.encode(), mode=0o755),),
        units=(Unit(name=UNIT, text=unit),),
    )
