"""A disk of this machine, as reported before a write."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A block device with its partitions."""

    path: str
    size: int
    """Bytes."""
    kind: str
    """As lsblk calls it: ``disk``, ``part``, ``loop``, ``crypt``, ``lvm``, ``raid1``."""
    model: str = ""
    transport: str = ""
    """``usb``, ``mmc``, ``nvme``, ``sata``; empty where the kernel reports none."""
    is_removable: bool = False
    is_read_only: bool = False
    file_system: str = ""
    label: str = ""
    mounts: tuple[str, ...] = ()
    """Where it is in use; ``[SWAP]`` for swap."""
    parts: tuple["Device", ...] = ()
    """Partitions and the devices on them."""
