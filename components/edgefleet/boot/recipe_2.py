"""The steps of recipe 2, in their order.

Beside what recipe 1 has: the firewall as soon as who may come in is known, so the long part is behind it;
the payload before k3s, which is on it; what is there taken as the current set before k3s is started with it;
last, what the rest is done without: telling the hub, removing copies of secrets, and the one restart that a
board may need. A data disk is there before anything looks below its path.
"""

from collections.abc import Callable

from edgefleet.boot import (
    board,
    break_glass,
    clock,
    cloud_init,
    data_disk,
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
    proxy,
    spare_writes,
    ssh,
    watchdog,
    wiping,
    wireless,
)
from edgefleet.model.firstboot import Box, Step

STEPS: tuple[Callable[[Box], Step], ...] = (
    facts.plan,
    cloud_init.plan,
    data_disk.plan,
    kernel.plan,
    hardening.plan,
    spare_writes.plan,
    watchdog.plan,
    clock.plan,
    wireless.plan,
    ssh.plan_strict,
    firewall.plan,
    break_glass.plan,
    identity.plan,
    proxy.plan,
    k3s_registries.plan,
    k3s_config.plan_hardened,
    payload.plan,
    healing.plan,
    k3s_install.plan_beside,
    k3s_service.plan_unhindered,
    heartbeat.plan,
    wiping.plan,
    board.plan,
)
