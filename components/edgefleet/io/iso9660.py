"""Small ISO 9660 images with Rock Ridge and Joliet, written the same on every day, and images read back.

pycdlib writes the image; it stamps the time of day into volume descriptors, directory records and
Rock Ridge entries, and takes no time as an argument. `_pin_dates` finds each of those fields by the
structure of the format (ECMA-119 8.4, 9.1; SUSP 5.1; Rock Ridge 4.1.6) and sets them to `EPOCH`.
Images are read back by their Rock Ridge names.
"""

import io
import stat
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgefleet.io import disk
from edgefleet.io.archives import Found, user

if TYPE_CHECKING:
    import pycdlib

SECTOR = 2048
"""Bytes of a logical block."""
FIRST_DESCRIPTOR = 16
"""Block of the first volume descriptor."""
EPOCH = bytes((80, 1, 1, 0, 0, 0, 0))
"""1980-01-01 00:00:00 UTC as a directory record writes it (years since 1900)."""
EPOCH_DIGITS = b"1980010100000000\0"
"""The same as a volume descriptor writes it."""
_DESCRIPTOR_DATES = (813, 830, 864)
"""Offsets of creation, modification and effective date in a volume descriptor; 17 bytes each."""
_ROOT_RECORD = 156
_END_OF_DESCRIPTORS = 255
_WITH_DIRECTORY = (1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """An image with files of zeroes, and where the real ones go."""

    empty: bytes = field(repr=False)
    records: tuple[tuple[int, ...], ...]
    """For each file, in order of names: offsets of its directory records, one in each tree."""


def _new() -> "pycdlib.PyCdlib":
    import pycdlib

    return pycdlib.PyCdlib()


def iso(label: str, files: Mapping[str, bytes]) -> bytes:
    """An image with volume name `label` and `files`, dict[name in the root -> content]."""
    ordered = sorted(files.items())
    layout = _layout(label, tuple((name, _blocks(content)) for name, content in ordered))
    data = bytearray(layout.empty)
    for (_, content), records in zip(ordered, layout.records, strict=True):
        for record in records:
            struct.pack_into("<I", data, record + 10, len(content))
            struct.pack_into(">I", data, record + 14, len(content))
        start = _little(data, records[0] + 2) * SECTOR
        data[start : start + len(content)] = content
    return bytes(data)


def _blocks(content: bytes) -> int:
    return -(-len(content) // SECTOR)


@lru_cache(maxsize=64)
def _layout(label: str, blocks: tuple[tuple[str, int], ...]) -> _Layout:
    """The image of files with these names and lengths in blocks.

    Seeds of one fleet differ in content, hardly ever in blocks, and pycdlib takes ten times as long as
    filling one in. A layout is about 75 kB.
    """
    image = _new()
    image.new(
        interchange_level=3,
        rock_ridge="1.09",
        joliet=3,
        vol_ident=label,
        sys_ident="LINUX",
        app_ident_str="EDGEFLEET",
    )
    for number, (name, count) in enumerate(blocks):
        image.add_fp(
            io.BytesIO(bytes(count * SECTOR)),
            count * SECTOR,
            f"/FILE{number:03d}.;1",
            rr_name=name,
            joliet_path=f"/{name}",
            file_mode=0o100400,
        )
    out = io.BytesIO()
    image.write_fp(out)
    image.close()
    data = bytearray(out.getvalue())
    trees = [_pin_dates(data, descriptor) for descriptor in _descriptors(data)]
    return _Layout(empty=bytes(data), records=tuple(zip(*trees, strict=True)))


def _descriptors(data: bytearray) -> Iterator[int]:
    """Offsets of the primary and the Joliet volume descriptor."""
    at = FIRST_DESCRIPTOR * SECTOR
    while data[at] != _END_OF_DESCRIPTORS:
        if data[at] in _WITH_DIRECTORY:
            yield at
        at += SECTOR


def _pin_dates(data: bytearray, descriptor: int) -> list[int]:
    """Set every date that a volume descriptor leads to; the records of its files, in order of names."""
    for offset in _DESCRIPTOR_DATES:
        data[descriptor + offset : descriptor + offset + 17] = EPOCH_DIGITS
    root = descriptor + _ROOT_RECORD
    records = list(_records(data, root))
    for record in (root, *records):
        _pin_record(data, record)
    return records[2:]  # the first two are the directory itself and its parent


def _records(data: bytearray, directory: int) -> Iterator[int]:
    """Offsets of the records in a directory; a record never crosses a block."""
    at = _little(data, directory + 2) * SECTOR
    end = at + _little(data, directory + 10)
    while at < end:
        if data[at] == 0:
            at = (at // SECTOR + 1) * SECTOR
            continue
        yield at
        at += data[at]


def _pin_record(data: bytearray, record: int) -> None:
    data[record + 18 : record + 25] = EPOCH
    name_length = data[record + 32]
    _pin_system_use(data, record + 33 + name_length + (1 - name_length % 2), record + data[record])


def _pin_system_use(data: bytearray, at: int, end: int) -> None:
    while at + 4 <= end and data[at + 2] >= 4:  # noqa: PLR2004 - signature, length, version
        signature, length = bytes(data[at : at + 2]), data[at + 2]
        if signature == b"TF":
            stamps = length - 5
            data[at + 5 : at + length] = EPOCH * (stamps // len(EPOCH))
        elif signature == b"CE":
            start = _little(data, at + 4) * SECTOR + _little(data, at + 12)
            _pin_system_use(data, start, start + _little(data, at + 20))
        at += length


def _little(data: bytearray, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def read_iso(image: Path | bytes, is_wanted: Callable[[str], bool] = lambda _: True) -> Iterator[Found]:
    """Files of an image, by their Rock Ridge names.

    Args:
        image: the file, which is not read as a whole, or its bytes.
        is_wanted: whether a file is, by its path from the root without the first slash.

    Raises:
        ValueError: it is no such image, or is damaged.
    """
    opened = _new()
    try:
        with _explaining():
            if isinstance(image, bytes):
                opened.open_fp(io.BytesIO(image))
            else:
                opened.open(str(image))
            for at, _, names in opened.walk(rr_path="/"):
                for path in (f"{at}/{name}".strip("/") for name in sorted(names)):
                    if is_wanted(path):
                        yield _file(opened, path)
    finally:
        with suppress(ValueError), _explaining():  # it was never open
            opened.close()


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # pycdlib has errors of any kind for a damaged image
        raise ValueError(str(error) or type(error).__name__) from error


def _file(image: "pycdlib.PyCdlib", path: str) -> Found:
    record: Any = image.get_record(rr_path=f"/{path}")
    px = record.rock_ridge.dr_entries.px_record or record.rock_ridge.ce_entries.px_record
    size = record.get_data_length()
    return Found(
        path=path,
        mode=f"{stat.S_IMODE(px.posix_file_mode):04o}",
        owner=f"{user(px.posix_user_id)}:{user(px.posix_group_id)}",
        size=size,
        pieces=_pieces(image, path) if size else iter(()),  # pycdlib opens no empty file
    )


def _pieces(image: "pycdlib.PyCdlib", path: str) -> Iterator[bytes]:
    with _explaining(), image.open_file_from_iso(rr_path=f"/{path}") as file:
        while piece := file.read(disk.PIECE):
            yield piece
