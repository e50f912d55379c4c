"""Runtime ``k3s-agent``: k3s that joins the site's server over the LAN."""

from typing import Any

from edgefleet.model.firstboot import Step, Target
from edgefleet.runtimes.base import k3s, k3s_hardening
from edgefleet.runtimes.base.runtime import Minimum, Runtime

UNIT = "k3s-agent.service"


def configure(target: Target) -> Step:
    """Registries and configuration; see `k3s.config`."""
    return Step.joined(k3s.registries(target), k3s.config(target, _config(target), (), k3s_hardening.AGENT))


def _config(target: Target) -> dict[str, Any]:
    server = k3s.server_of(target.site)
    address = server.network.ip or server.hostname
    host = f"[{address}]" if ":" in address else address
    return {
        "server": f"https://{host}:6443",
        "token": k3s.token_of(target.key, k3s.AGENT_TOKEN),
        "protect-kernel-defaults": True,
    }


def install(target: Target) -> Step:
    """The installer and the unit of k3s's agent."""
    return Step.joined(k3s.installer(target, UNIT), k3s.service(UNIT, "agent"))


RUNTIME = Runtime(
    name="k3s-agent",
    role="agent",
    title="an agent",
    runs_api=False,
    unit=UNIT,
    installer=k3s.INSTALLER,
    minimum=Minimum(cpus=1, memory=512 * 1000**2, words="1 core and 512 MB"),
    healthy_within=1800,
    configure=configure,
    install=install,
    downloads=k3s.downloads,
    carries=k3s.carries,
    secrets=k3s.secrets,
    check=k3s.check,
)
"""Minimum: k3s docs, installation/requirements, July 2026. An agent waits for its server."""
