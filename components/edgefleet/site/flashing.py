"""Whether an image may be written to a disk, with facts to confirm before. Pure."""

from collections.abc import Iterator

from edgefleet.errors import Problem
from edgefleet.model.device import Device

WHOLE = frozenset({"disk", "loop"})
HELD = frozenset({"crypt", "lvm", "mpath", "dm"})
"""Kinds that occupy their disk, mounted or not; those of md begin with ``raid``."""


def problems(device: Device, size: int, *, may_be_fixed: bool) -> Iterator[Problem]:
    """All reasons not to write an image of `size` bytes to `device`, which is removable or `may_be_fixed`."""
    if device.kind not in WHOLE:
        hint = "name the disk that it is on"
        yield _problem(device, "not-a-disk", f"is a {device.kind}, not a whole disk", hint)
    yield from _uses(device)
    if device.is_read_only:
        hint = "disable its write protection, or use another"
        yield _problem(device, "read-only", "cannot be written: it is read-only", hint)
    if device.size < size:
        problem = f"has {device.size:,} bytes, and the image {size:,}"
        yield _problem(device, "medium-too-small", problem, "take a larger medium")
    if not may_be_fixed and not is_removable(device):
        hint = "if this is the right disk, add --fixed"
        yield _problem(device, "fixed-disk", "is not a removable disk", hint)


def _uses(device: Device) -> Iterator[Problem]:
    for part in everything(device):
        for mount in part.mounts:
            problem = "is used for swap" if mount == "[SWAP]" else f"is mounted at {mount}"
            is_system = mount in {"/", "[SWAP]"} or mount.startswith("/boot")
            hint = "name another disk" + (
                "" if is_system else f", or, if this is the right disk: umount {mount}"
            )
            yield _problem(part, "in-use", problem, hint)
        if part is not device and (part.kind in HELD or part.kind.startswith("raid")):
            yield _problem(part, "in-use", f"is on it ({part.kind})", "name another disk")


def is_removable(device: Device) -> bool:
    """Whether it is removable: sticks, cards, and other USB devices."""
    return device.is_removable or device.transport in {"usb", "mmc"} or device.path.startswith("/dev/mmcblk")


def everything(device: Device) -> Iterator[Device]:
    """A device and all devices on it."""
    yield device
    for part in device.parts:
        yield from everything(part)


def _problem(device: Device, code: str, problem: str, hint: str) -> Problem:
    return Problem(code=code, where=device.path, problem=problem, hint=hint)
