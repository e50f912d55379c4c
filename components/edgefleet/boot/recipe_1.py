"""The steps of recipe 1, in their order.

Facts come first, so that a node that stops half-way can be identified, then what keeps it as it is when the
medium is removed. The data disk is mounted before anything looks below its path; kernel settings precede k3s,
whose kubelet exits without them; the clock precedes anything that checks a certificate. SSH and the firewall
precede the long part, so that an administrator can log in and nobody else can. The payload precedes k3s,
which is on it, and the current configuration set is adopted before k3s starts with it. Last comes what no
other step needs: the heartbeat, the removal of copies of secrets, and the one restart that a board may need.
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
    kernel,
    payload,
    proxy,
    runtime_config,
    runtime_install,
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
    ssh.plan,
    firewall.plan,
    break_glass.plan,
    identity.plan,
    proxy.plan,
    runtime_config.plan,
    payload.plan,
    healing.plan,
    runtime_install.plan,
    heartbeat.plan,
    wiping.plan,
    board.plan,
)
