"""Which disks may be written to."""

from dataclasses import replace

import pytest

from edgefleet.model.device import Device
from edgefleet.report.device import lines
from edgefleet.site.flashing import problems

STICK = Device(
    path="/dev/sdb",
    size=8 * 10**9,
    kind="disk",
    model="Stick",
    transport="usb",
    is_removable=True,
    parts=(Device(path="/dev/sdb1", size=10**9, kind="part", file_system="vfat", label="HOLIDAY"),),
)


def mounted(*mounts: str, kind: str = "part") -> Device:
    """A stick of which something is in use."""
    part = Device(path="/dev/sdb1", size=10**9, kind="part")
    return replace(STICK, parts=(replace(part, parts=(replace(part, kind=kind, mounts=mounts),)),))


def test_a_stick_that_nobody_uses_may_be_written() -> None:
    """What is on it is shown before."""
    assert [] == list(problems(STICK, 10**9, may_be_fixed=False))
    assert ["/dev/sdb  Stick, usb, 8.0 GB", '    /dev/sdb1  1.0 GB  vfat  "HOLIDAY"'] == list(lines(STICK))


@pytest.mark.parametrize(
    ("device", "codes"),
    [
        (mounted("/"), ["in-use"]),
        (mounted("[SWAP]"), ["in-use"]),
        (mounted("/var/a", "/var/b"), ["in-use", "in-use"]),
        (mounted(kind="crypt"), ["in-use"]),
        (mounted(kind="raid1"), ["in-use"]),
        (replace(STICK, kind="part"), ["not-a-disk"]),
        (replace(STICK, is_read_only=True), ["read-only"]),
        (replace(STICK, size=10**6), ["medium-too-small"]),
        (replace(STICK, is_removable=False, transport="nvme"), ["fixed-disk"]),
        (replace(STICK, is_removable=False, transport="sata", size=1), ["medium-too-small", "fixed-disk"]),
    ],
)
def test_others_are_refused_with_every_reason(device: Device, codes: list[str]) -> None:
    """Mounted, held by something, a part of a disk, protected, too small, or built in."""
    assert codes == [each.code for each in problems(device, 10**9, may_be_fixed=False)]


def test_a_built_in_disk_may_be_meant() -> None:
    """If someone reports so."""
    assert [] == list(problems(replace(STICK, transport="", is_removable=False), 1, may_be_fixed=True))
