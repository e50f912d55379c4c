"""Disks: what lsblk says, and what is written and read back."""

import hashlib
from pathlib import Path

import pytest

from edgefleet.errors import InvalidInput
from edgefleet.io import devices
from edgefleet.model.device import Device
from edgefleet.model.disk_layout import Extent

SAID = b"""{"blockdevices": [{"path": "/dev/vda", "size": 274877906944, "type": "disk", "model": " QEMU ",
"tran": "sata", "rm": false, "ro": false, "fstype": null, "label": null, "mountpoints": [null],
"children": [{"path": "/dev/vda1", "size": 1048576, "type": "part", "model": null, "tran": null, "rm": false,
"ro": false, "fstype": "ext4", "label": "root", "mountpoints": ["/", "/var"]}]}]}"""
MIB = 1024**2


def test_what_lsblk_says() -> None:
    """A disk with its partitions, and where they are mounted."""
    part = Device(
        path="/dev/vda1", size=MIB, kind="part", file_system="ext4", label="root", mounts=("/", "/var")
    )
    whole = Device(
        path="/dev/vda", size=274877906944, kind="disk", model="QEMU", transport="sata", parts=(part,)
    )
    assert whole == devices.parse(SAID)


def test_what_is_no_disk_is_refused(tmp_path: Path) -> None:
    """A file, and nothing at all."""
    (tmp_path / "file").touch()
    for name, said in (("file", "is not a disk"), ("nothing", "does not exist")):
        with pytest.raises(InvalidInput, match=said):
            devices.read(tmp_path / name)


def test_an_image_is_written_and_read_back(loop: Path, tmp_path: Path) -> None:
    """Holes become zeroes, and the end of the disk is emptied of an earlier table."""
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.write(b"begin")
        file.truncate(2 * MIB)
    seen: list[int] = []
    device = devices.read(loop)
    assert (8 * MIB, "loop", ()) == (device.size, device.kind, device.mounts)
    pieces = [Extent(part="image", offset=0, length=2 * MIB)]
    written = devices.write(pieces, {"image": image}, loop, device.size, seen.append)
    assert hashlib.sha256(image.read_bytes()).hexdigest() == written
    assert written == devices.read_back(loop, 2 * MIB, seen.append)
    assert 4 * MIB == sum(seen)
    there = loop.read_bytes()
    assert (bytes(MIB), b"\xff") == (there[7 * MIB :], there[7 * MIB - 1 : 7 * MIB])
