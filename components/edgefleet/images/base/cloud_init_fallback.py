"""The results of cloud-init's own modules as files, for formats without cloud-init.

Every format writes the same `placed` files; `of_the_system` replaces cloud-init's modules for users, host
keys and names.
"""

import hashlib

from edgefleet.model.firstboot import File, FirstBoot

INSTANCE = "/etc/edgefleet/instance-id"
"""Instance id of a node without cloud-init; its heartbeat reports it."""
SUDOERS = "/etc/sudoers.d/90-edgefleet-users"


def placed(boot: FirstBoot) -> tuple[File, ...]:
    """The files of the boot steps, and their units as files."""
    units = (File(path=f"/etc/systemd/system/{unit.name}", content=unit.text.encode()) for unit in boot.units)
    return (*boot.files, *units)


def of_the_system(boot: FirstBoot) -> tuple[File, ...]:
    """The node's name, its administrators, and its SSH host keys."""
    files = [File(path="/etc/hostname", content=f"{boot.hostname}\n".encode())]
    admins = [user.name for user in boot.users if user.is_admin]
    if admins:
        lines = "".join(f"{name} ALL=(ALL) NOPASSWD:ALL\n" for name in admins)
        files.append(File(path=SUDOERS, content=lines.encode(), mode=0o440))
    for kind, (private, public) in sorted(boot.ssh_host_keys.items()):
        path = f"/etc/ssh/ssh_host_{kind}_key"
        files.append(File(path=path, content=_line(private), mode=0o600, is_secret=True))
        files.append(File(path=f"{path}.pub", content=_line(public)))
    return tuple(files)


def _line(text: str) -> bytes:
    return text.encode() if text.endswith("\n") else f"{text}\n".encode()


def instance(boot: FirstBoot, content: str) -> str:
    """The instance id of `content`."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    return f"{boot.fleet}-{boot.region}-{boot.site}-{boot.node}-{digest[:16]}"
