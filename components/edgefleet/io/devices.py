"""Block devices of this machine, by lsblk; written whole and read back.

What is no disk raises InvalidInput; a disk that is in use, read-only or broken, or that returns other bytes,
raises OutsideFailure.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.io import disk, extents, tools
from edgefleet.model.device import Device
from edgefleet.model.disk_layout import Extent

COLUMNS = "PATH,SIZE,TYPE,MODEL,TRAN,RM,RO,FSTYPE,LABEL,MOUNTPOINTS"
END = 1024**2
"""Bytes at the end of a device that are emptied: the copy of an earlier partition table is there."""
Progress = Callable[[int], None]
"""Receives the number of further bytes that are done."""
Transfer = Callable[[str, int], AbstractContextManager[Progress]]
"""(name of the task, bytes) -> receiver of its progress."""


def read(path: Path) -> Device:
    """The device at `path`, with its partitions."""
    if not path.is_block_device():
        is_there = path.exists()
        problem = "is not a disk" if is_there else "does not exist"
        hint = "lsblk shows the disks; `image build` writes files"
        raise InvalidInput.at(path, "no-device", problem, hint)
    return parse(tools.use("lsblk", "--json", "--bytes", "--output", COLUMNS, path))


def parse(listing: bytes) -> Device:
    """The device that lsblk's JSON describes."""
    return _device(json.loads(listing)["blockdevices"][0])


def _device(plain: Mapping[str, Any]) -> Device:
    return Device(
        path=plain["path"],
        size=int(plain["size"]),
        kind=plain["type"],
        model=(plain.get("model") or "").strip(),
        transport=plain.get("tran") or "",
        is_removable=bool(plain.get("rm")),
        is_read_only=bool(plain.get("ro")),
        file_system=plain.get("fstype") or "",
        label=plain.get("label") or "",
        mounts=tuple(each for each in plain.get("mountpoints") or () if each),
        parts=tuple(map(_device, plain.get("children") or ())),
    )


def write(
    pieces: Sequence[Extent], parts: Mapping[str, Path], device: Path, size: int, done: Progress
) -> str:
    """Write an image to a disk that is not in use; hex SHA-256 of the bytes.

    Holes are written as zeroes, as the disk has other bytes there.

    Args:
        pieces: extents in order.
        parts: dict[name -> file].
        device: the disk.
        size: of the disk, bytes.
        done: receives the progress.
    """
    sums, written = hashlib.sha256(), 0
    with disk.explaining(device, "cannot be written"):
        handle = os.open(device, os.O_WRONLY | os.O_EXCL | os.O_CLOEXEC)
        try:
            for piece, _ in extents.pieces(pieces, parts):
                sums.update(piece)
                _whole(handle, piece)
                written += len(piece)
                done(len(piece))
            if size > written:
                start = max(written, size - END)
                os.lseek(handle, start, os.SEEK_SET)
                _whole(handle, bytes(size - start))
            os.fsync(handle)
        finally:
            os.close(handle)
    return sums.hexdigest()


def _whole(handle: int, data: bytes | memoryview) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def read_back(device: Path, size: int, done: Progress) -> str:
    """Hex SHA-256 of the first `size` bytes of a disk, from the disk and not from memory."""
    sums, remaining = hashlib.sha256(), size
    with disk.explaining(device, "cannot be read"):
        handle = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            while remaining and (piece := os.read(handle, min(disk.PIECE, remaining))):
                sums.update(piece)
                remaining -= len(piece)
                done(len(piece))
        finally:
            os.close(handle)
    return sums.hexdigest()


def write_verified(file: Path, digest: str, size: int, device: Device, transfer: Transfer) -> None:
    """Write an image to a disk that is not in use, and verify it by reading it back.

    Args:
        file: the image; ``*.json`` refers to its base.
        digest: ``sha256:<hex>`` of the image's bytes.
        size: of the image, bytes.
        device: the disk.
        transfer: receives the progress.
    """
    if file.suffix == ".json":
        pieces, parts = extents.read_reference(file, extents.in_place)
    else:
        pieces, parts = [Extent(part="image", offset=0, length=size)], {"image": file}
    place = Path(device.path)
    with transfer("writing", size) as done:
        written = write(pieces, parts, place, device.size, done)
    with transfer("reading back", size) as done:
        there = read_back(place, size, done)
    if not digest.endswith(written):
        problem = f"{file} differs from what was built: {digest} was, and sha256:{written} was read"
        raise OutsideFailure.at(device.path, "image-differs", problem, "build it again")
    if there != written:
        problem = f"returns other bytes (sha256:{there}) than were written (sha256:{written})"
        raise OutsideFailure.at(device.path, "bad-medium", problem, "discard this medium")
