"""Runtime ``k3s-server``: k3s with the site's own Kubernetes API."""

from typing import Any

from edgefleet.model.firstboot import Step, Target
from edgefleet.runtimes.base import k3s, k3s_hardening
from edgefleet.runtimes.base.runtime import Minimum, Runtime

UNIT = "k3s.service"


def configure(target: Target) -> Step:
    """Registries and configuration; see `k3s.config`."""
    names = [target.node.hostname, *([target.node.network.ip] if target.node.network.ip else [])]
    return Step.joined(
        k3s.registries(target), k3s.config(target, _config(target, names), names, k3s_hardening.SERVER)
    )


def _config(target: Target, names: list[str]) -> dict[str, Any]:
    config: dict[str, Any] = {
        "token": k3s.token_of(target.key, k3s.SERVER_TOKEN),
        "agent-token": k3s.token_of(target.key, k3s.AGENT_TOKEN),
        "tls-san": names,
        "write-kubeconfig-mode": "0600",
        "secrets-encryption": True,
        "protect-kernel-defaults": True,
    }
    if target.site.k3s.disable:
        config["disable"] = sorted(target.site.k3s.disable)
    return config


def install(target: Target) -> Step:
    """The installer and the unit of k3s's server."""
    return Step.joined(k3s.installer(target, UNIT), k3s.service(UNIT, "server"))


RUNTIME = Runtime(
    name="k3s-server",
    role="server",
    title="a server",
    runs_api=True,
    unit=UNIT,
    installer=k3s.INSTALLER,
    minimum=Minimum(cpus=2, memory=2 * 1000**3, words="2 cores and 2 GB"),
    healthy_within=900,
    configure=configure,
    install=install,
    downloads=k3s.downloads,
    carries=k3s.carries,
    secrets=k3s.secrets,
    check=k3s.check,
)
"""Minimum: k3s docs, installation/requirements, July 2026. Image archives are imported at the start."""
