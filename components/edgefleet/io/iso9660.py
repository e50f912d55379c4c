"""Small ISO 9660 images with Rock Ridge and Joliet, the same bytes on every day.

pycdlib writes the image; it stamps the time of day into volume descriptors, directory records and
Rock Ridge entries, and takes no time as an argument. `_pin_dates` finds each of those fields by the
structure of the format (ECMA-119 8.4, 9.1; SUSP 5.1; Rock Ridge 4.1.6) and sets them to `EPOCH`.
"""

import io
from collections.abc import Iterator, Mapping

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


def iso(label: str, files: Mapping[str, bytes]) -> bytes:
    """An image with volume name `label` and `files`, dict[name in the root -> content]."""
    image = pycdlib.PyCdlib()
    image.new(
        interchange_level=3,
        rock_ridge="1.09",
        joliet=3,
        vol_ident=label,
        sys_ident="LINUX",
        app_ident_str="EDGEFLEET",
    )
    for number, (name, content) in enumerate(sorted(files.items())):
        image.add_fp(
            io.BytesIO(content),
            len(content),
            f"/FILE{number}.;1",
            rr_name=name,
            joliet_path=f"/{name}",
            file_mode=0o100400,
        )
    out = io.BytesIO()
    image.write_fp(out)
    image.close()
    data = bytearray(out.getvalue())
    _pin_dates(data)
    return bytes(data)


def files_of(data: bytes) -> dict[str, bytes]:
    """dict[name in the root -> content] of an image that `iso` made.

    Raises:
        ValueError: `data` is not such an image.
    """
    image = pycdlib.PyCdlib()
    try:
        image.open_fp(io.BytesIO(data))
        try:
            names = [
                child.rock_ridge.name().decode()
                for child in image.list_children(rr_path="/")
                if child.is_file()
            ]
            return {name: _content(image, name) for name in names}
        finally:
            image.close()
    except pycdlib.pycdlibexception.PyCdlibException as error:
        raise ValueError(str(error)) from error


def _content(image: pycdlib.PyCdlib, name: str) -> bytes:
    out = io.BytesIO()
    image.get_file_from_iso_fp(out, rr_path=f"/{name}")
    return out.getvalue()


def _pin_dates(data: bytearray) -> None:
    block = FIRST_DESCRIPTOR
    while (kind := data[block * SECTOR]) != _END_OF_DESCRIPTORS:
        start = block * SECTOR
        if kind in (1, 2):
            for offset in _DESCRIPTOR_DATES:
                data[start + offset : start + offset + 17] = EPOCH_DIGITS
            _pin_record(data, start + _ROOT_RECORD)
            for record in _records(data, start + _ROOT_RECORD):
                _pin_record(data, record)
        block += 1


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
