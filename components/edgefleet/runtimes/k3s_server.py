"""Runtime ``k3s-server``: k3s with the site's own Kubernetes API."""

from edgefleet.runtimes.base import k3s, k3s_servers
from edgefleet.runtimes.base.runtime import Minimum
from edgefleet.workloads.demand import Demand

TAKEN = Demand(cpu=300, memory=1_596 * 1000**2)

RUNTIME = k3s.runtime(
    "k3s-server",
    k3s_servers.config,
    title="a server",
    minimum=Minimum(cpus=2, memory=2 * 1000**3, words="2 cores and 2 GB", taken=TAKEN),
    healthy_within=900,
)
"""Image archives are imported at the start."""
