"""Runtime ``k3s-server``: k3s with the site's own Kubernetes API."""

from collections.abc import Sequence
from typing import Any

from edgefleet.model.firstboot import Target
from edgefleet.runtimes.base import k3s, k3s_cluster, k3s_joining
from edgefleet.runtimes.base.runtime import Minimum
from edgefleet.workloads.demand import Demand

TAKEN = Demand(cpu=300, memory=1_596 * 1000**2)


def _config(target: Target, names: Sequence[str]) -> dict[str, Any]:
    config: dict[str, Any] = {
        **k3s_joining.server_tokens(target),
        "tls-san": list(names),
        "write-kubeconfig-mode": "0600",
        "secrets-encryption": True,
        "protect-kernel-defaults": True,
    }
    if target.site.k3s.disable:
        config["disable"] = sorted(target.site.k3s.disable)
    if target.settings.firewall.enabled and any(
        ":" in subnet for subnet in k3s_cluster.ranges(target.site, "cluster-cidr")
    ):
        # As with IPv4: a pod's address on the LAN is then always forged (k3s docs, basic-network-options).
        config["flannel-ipv6-masq"] = True
    return config


RUNTIME = k3s.runtime(
    "k3s-server",
    _config,
    title="a server",
    minimum=Minimum(cpus=2, memory=2 * 1000**3, words="2 cores and 2 GB", taken=TAKEN),
    healthy_within=900,
)
"""Image archives are imported at the start."""
