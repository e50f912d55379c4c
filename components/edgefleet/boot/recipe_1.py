"""The steps of recipe 1, in their order.

Facts come first, so that a node that stops half-way can be identified, then the step that keeps it unchanged
when the medium is removed. The data disk is mounted before anything looks below its path, and certificates
are trusted before anything is downloaded; kernel settings precede k3s, whose kubelet exits without them; the
clock precedes anything that checks a certificate. SSH and the firewall precede the long part, so that an
administrator can log in and nobody else can. The payload precedes k3s, which is on it, and so do the fleet
file's own commands; the current configuration set is adopted before k3s starts with it. Last come the
heartbeat, the channel, backups, the seal against other seeds, the removal of copies of secrets, and the one
restart that a board may need: no step depends on them.
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
    release_channel,
    runtime_config,
    runtime_install,
    sealing,
    spare_writes,
    ssh,
    state_backup,
    trust,
    watchdog,
    wiping,
    wireless,
)
from edgefleet.model.firstboot import BootStep

STEPS: tuple[BootStep, ...] = (
    BootStep(name="facts", plan=facts.plan),
    BootStep(name="cloud_init", plan=cloud_init.plan),
    BootStep(name="data_disk", plan=data_disk.plan),
    BootStep(name="trust", plan=trust.plan),
    BootStep(name="kernel", plan=kernel.plan),
    BootStep(name="language", plan=language.plan),
    BootStep(name="hardening", plan=hardening.plan),
    BootStep(name="spare_writes", plan=spare_writes.plan),
    BootStep(name="watchdog", plan=watchdog.plan),
    BootStep(name="clock", plan=clock.plan),
    BootStep(name="wireless", plan=wireless.plan),
    BootStep(name="accounts", plan=accounts.plan),
    BootStep(name="ssh", plan=ssh.plan),
    BootStep(name="firewall", plan=firewall.plan),
    BootStep(name="break_glass", plan=break_glass.plan, secrets=break_glass.secrets),
    BootStep(name="identity", plan=identity.plan, secrets=identity.secrets),
    BootStep(name="proxy", plan=proxy.plan),
    BootStep(name="runtime_config", plan=runtime_config.plan, secrets=runtime_config.secrets),
    BootStep(name="payload", plan=payload.plan),
    BootStep(name="os_updates", plan=os_updates.plan),
    BootStep(name="packages", plan=packages.plan),
    BootStep(name="additions", plan=additions.plan),
    BootStep(name="healing", plan=healing.plan),
    BootStep(name="runtime_install", plan=runtime_install.plan),
    BootStep(name="annotations", plan=annotations.plan),
    BootStep(name="heartbeat", plan=heartbeat.plan),
    BootStep(name="release_channel", plan=release_channel.plan, secrets=release_channel.secrets),
    BootStep(name="state_backup", plan=state_backup.plan, secrets=state_backup.secrets),
    BootStep(name="sealing", plan=sealing.plan, secrets=sealing.secrets),
    BootStep(name="wiping", plan=wiping.plan),
    BootStep(name="board", plan=board.plan),
)
