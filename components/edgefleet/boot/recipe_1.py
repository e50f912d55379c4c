"""The steps of recipe 1, in their order.

Facts come first, so that a node that stops half-way can be identified, then the step that keeps it unchanged
when the medium is removed. The data disk is mounted before anything looks below its path, and certificates
are trusted before anything is downloaded; kernel settings precede k3s, whose kubelet exits without them; the
clock precedes anything that checks a certificate. SSH and the firewall precede the long part, so that an
administrator can log in and nobody else can. The payload precedes k3s, which is on it, and so do the fleet
file's own commands; the current configuration set is adopted before k3s starts with it. Last come the
heartbeat, the seal against other seeds, the removal of copies of secrets, and the one restart that a board
may need: no step depends on them.
"""

from edgefleet.boot import (
    accounts,
    additions,
    annotations,
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
    language,
    os_updates,
    packages,
    payload,
    proxy,
    runtime_config,
    runtime_install,
    sealing,
    spare_writes,
    ssh,
    trust,
    watchdog,
    wiping,
    wireless,
)
from edgefleet.model.firstboot import BootStep

STEPS: tuple[BootStep, ...] = (
    facts.STEP,
    cloud_init.STEP,
    data_disk.STEP,
    trust.STEP,
    kernel.STEP,
    language.STEP,
    hardening.STEP,
    spare_writes.STEP,
    watchdog.STEP,
    clock.STEP,
    wireless.STEP,
    accounts.STEP,
    ssh.STEP,
    firewall.STEP,
    break_glass.STEP,
    identity.STEP,
    proxy.STEP,
    runtime_config.STEP,
    payload.STEP,
    os_updates.STEP,
    packages.STEP,
    additions.STEP,
    healing.STEP,
    runtime_install.STEP,
    annotations.STEP,
    heartbeat.STEP,
    sealing.STEP,
    wiping.STEP,
    board.STEP,
)
