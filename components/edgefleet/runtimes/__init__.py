"""Node runtimes, one file each: the software that runs workloads on a node."""

from collections.abc import Mapping

from edgefleet.model.site import Node
from edgefleet.runtimes import containerd, k3s_agent, k3s_ha, k3s_server, krustlet, kubeedge
from edgefleet.runtimes.base.runtime import Runtime

RUNTIMES: Mapping[str, Runtime] = {
    runtime.name: runtime
    for runtime in (
        k3s_server.RUNTIME,
        k3s_ha.RUNTIME,
        k3s_agent.RUNTIME,
        containerd.RUNTIME,
        kubeedge.RUNTIME,
        krustlet.RUNTIME,
    )
}
"""dict[name in the fleet file -> runtime]."""


def runtime_of(node: Node) -> Runtime:
    """The runtime of a node."""
    return RUNTIMES[node.runtime]
