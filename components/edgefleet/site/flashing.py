"""Whether an image may be written to a disk, and what a person should know before. Pure."""

from collections.abc import Iterator

from edgefleet.errors import Problem
from edgefleet.model.device import Device

WHOLE = frozenset({"disk", "loop"})
HELD = frozenset({"crypt", "lvm", "mpath", "dm"})
"""Kinds that hold what they stand on, mounted or not; those of md begin with ``raid``."""


def problems(device: Device, size: int, *, may_be_fixed: bool) -> Iterator[Problem]:
    """Why an image of `size` bytes must not go to `device`; all of it.

    Args:
        device: the disk.
        size: bytes of the image.
        may_be_fixed: whether the disk may be a built-in one.
    """
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
    for each in everything(device):
        for mount in each.mounts:
            what = "is used for swap" if mount == "[SWAP]" else f"is mounted at {mount}"
            is_system = mount in {"/", "[SWAP]"} or mount.startswith("/boot")
            hint = "name another disk" + (
                "" if is_system else f", or, if this is the right disk: umount {mount}"
            )
            yield _problem(each, "in-use", what, hint)
        if each is not device and (each.kind in HELD or each.kind.startswith("raid")):
            yield _problem(each, "in-use", f"is on it ({each.kind})", "name another disk")


def is_removable(device: Device) -> bool:
    """Whether a person can take it out: sticks, cards, and what hangs on USB."""
    return device.is_removable or device.transport in {"usb", "mmc"} or device.path.startswith("/dev/mmcblk")


def everything(device: Device) -> Iterator[Device]:
    """A device and all that stands on it."""
    yield device
    for part in device.parts:
        yield from everything(part)


def _problem(device: Device, code: str, problem: str, hint: str) -> Problem:
    return Problem(code=code, where=device.path, problem=problem, hint=hint)
