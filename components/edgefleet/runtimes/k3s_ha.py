"""Runtime ``k3s-ha``: three or five servers that share the site's Kubernetes API, with etcd among them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from edgefleet.model.firstboot import Step, Target
from edgefleet.runtimes.base import k3s, k3s_joining, k3s_servers
from edgefleet.runtimes.base.runtime import Minimum
from edgefleet.workloads.demand import Demand

TAKEN = Demand(cpu=300, memory=1_613 * 1000**2)
"""With embedded etcd (k3s docs, reference/resource-profiling)."""


def _config(target: Target, names: Sequence[str]) -> dict[str, Any]:
    return {**k3s_servers.config(target, names), "token": k3s_joining.server_token(target)}


_SERVER = k3s.runtime(
    "k3s-ha",
    _config,
    title="one of several servers",
    minimum=Minimum(cpus=2, memory=2 * 1000**3, words="2 cores and 2 GB", taken=TAKEN),
    healthy_within=1800,
)
"""It waits for the first server at its own first start."""


def _configure(target: Target) -> Step:
    return Step.joined(_SERVER.configure(target), k3s_servers.joining(target))


RUNTIME = replace(_SERVER, configure=_configure)
