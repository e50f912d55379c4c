"""The results of cloud-init's own modules as files, for formats without cloud-init.

Every format writes the same `placed` files; `of_the_system` replaces cloud-init's modules for users, host
keys and names.
"""

import hashlib

from edgefleet.model.firstboot import File, FirstBoot
from edgefleet.model.writers.configuration import remainder, sudoer

INSTANCE = "/etc/edgefleet/instance-id"
"""Instance id of a node without cloud-init; its heartbeat reports it."""
SUDOERS = "/etc/sudoers.d/90-edgefleet-users"


def placed(boot: FirstBoot) -> tuple[File, ...]:
    """The files of the boot steps, and their units as files."""
    return (*boot.files, *map(File.unit, boot.units))


def commands(boot: FirstBoot) -> list[list[str]]:
    """The commands of the steps, after units are loaded and enabled."""
    enabled = [unit.name for unit in boot.units if unit.is_enabled]
    commands = [["systemctl", "daemon-reload"]]
    if enabled:
        commands.append(["systemctl", "enable", *enabled])
    return commands + [list(command) for command in boot.commands]


def of_the_system(boot: FirstBoot) -> tuple[File, ...]:
    """The node's name, its administrators, and its SSH host keys."""
    files = [File.text("/etc/hostname", f"{remainder(boot.hostname)}\n")]
    admins = "".join(f"{sudoer(user.name)} ALL=(ALL) NOPASSWD:ALL\n" for user in boot.users if user.is_admin)
    if admins:
        files.append(File.text(SUDOERS, admins, mode=0o440))
    for kind, (private, public) in sorted(boot.ssh_host_keys.items()):
        path = f"/etc/ssh/ssh_host_{kind}_key"
        files.append(File.text(path, private.removesuffix("\n") + "\n", mode=0o600, is_secret=True))
        files.append(File.text(f"{path}.pub", public.removesuffix("\n") + "\n"))
    return tuple(files)


def instance(boot: FirstBoot, content: str) -> str:
    """The instance id of `content`."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    return f"{boot.fleet}-{boot.region}-{boot.site}-{boot.node}-{digest[:16]}"
