"""Runtime ``k3s-agent``: k3s that joins the site's server over the LAN, or a cluster that exists."""

from collections.abc import Sequence
from typing import Any

from edgefleet.model.firstboot import Target
from edgefleet.runtimes.base import k3s, k3s_joining
from edgefleet.runtimes.base.runtime import Minimum
from edgefleet.workloads.demand import Demand

TAKEN = Demand(cpu=100, memory=275 * 1000**2)


def _config(target: Target, _: Sequence[str]) -> dict[str, Any]:
    return {
        "server": k3s_joining.address(target.site),
        "token": k3s_joining.agent_token(target),
        "protect-kernel-defaults": True,
    }


RUNTIME = k3s.runtime(
    "k3s-agent",
    _config,
    title="an agent",
    minimum=Minimum(cpus=1, memory=512 * 1000**2, words="1 core and 512 MB", taken=TAKEN),
    healthy_within=1800,
)
"""An agent waits for its server."""
