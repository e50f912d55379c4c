"""The steps of recipe 2, in their order.

Beside what recipe 1 has: the firewall as soon as who may come in is known, so the long part is behind it;
the payload before k3s, which is on it; what is there taken as the current set before k3s is started with it;
last, what the rest is done without: telling the hub, and removing copies of secrets.
"""

from collections.abc import Callable

from edgefleet.boot import (
    break_glass,
    cloud_init,
    facts,
    firewall,
    hardening,
    healing,
    heartbeat,
    identity,
    k3s_config,
    k3s_install,
    k3s_registries,
    k3s_service,
    kernel,
    payload,
    ssh,
    timesync,
    wiping,
)
from edgefleet.model.firstboot import Box, Step

STEPS: tuple[Callable[[Box], Step], ...] = (
    facts.plan,
    cloud_init.plan,
    kernel.plan,
    hardening.plan,
    timesync.plan,
    ssh.plan_strict,
    firewall.plan,
    break_glass.plan,
    identity.plan,
    k3s_registries.plan,
    k3s_config.plan_hardened,
    payload.plan,
    healing.plan,
    k3s_install.plan_beside,
    k3s_service.plan_unhindered,
    heartbeat.plan,
    wiping.plan,
)
