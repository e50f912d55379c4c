"""Archives: written so that their bytes follow from names and contents alone (tar, gzip), and read.

A stranger's archive is read by `member`, whose memory and time are bounded. Python's tarfile is not used for
that: it reads a header of any stated length into memory, and its search for pax records takes time that grows
with the square of their length (CVE-2024-6232).
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file in an archive or image."""

    path: str
    """From the root, without the first slash."""
    mode: str
    """As ``0400``."""
    owner: str
    """``user:group``."""
    size: int
    pieces: Iterator[bytes]
    """Its bytes; read them before the next file. ValueError if they are damaged."""


def tar(files: Mapping[str, bytes]) -> bytes:
    """The archive of dict[path -> content]: in the order of paths, without owners and times, mode 0600."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), PRIVATE_FILE
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def read_tar(data: bytes) -> Iterator[Found]:
    """The files of an archive.

    Raises:
        ValueError: it is no such archive.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for entry in archive:
                if (file := archive.extractfile(entry)) is not None and entry.isfile():
                    owner = f"{entry.uname or user(entry.uid)}:{entry.gname or user(entry.gid)}"
                    mode, pieces = f"{entry.mode:04o}", iter([file.read()])
                    yield Found(path=entry.name, mode=mode, owner=owner, size=entry.size, pieces=pieces)
    except tarfile.TarError as error:
        raise ValueError(f"no tar archive: {error}") from error


_BLOCK = 512
_ENTRIES = 100_000
"""Entries of an archive that are looked through."""
_LONGEST = 64 * 1024
"""Bytes that describe the next file: pax records, or a long name."""
_PIECE = 1024**2


def member(archive: Path, path: str, *, limit: int) -> Iterator[bytes]:
    """The bytes of the file `path` of a tar, with gzip or without.

    Args:
        archive: the file.
        path: in there, with or without ``./``.
        limit: bytes of the archive, unpacked, up to the end of that file.

    Raises:
        ValueError: it is no such archive, has no such file, or is too large.
    """
    try:
        with archive.open("rb") as packed:
            is_gzip = packed.read(2) == b"\x1f\x8b"
            packed.seek(0)
            file = cast("BinaryIO", gzip.GzipFile(fileobj=packed)) if is_gzip else packed
            for name, size in _entries(file, limit):
                if name.removeprefix("./") == path:
                    yield from _run(file, size)
                    return
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError("is not a readable archive") from error
    raise ValueError(f"has no file {path}")


def _entries(file: BinaryIO, limit: int) -> Iterator[tuple[str, int]]:
    """(path, bytes) of the regular files of a tar; `file` stands at the contents (POSIX.1 pax, GNU tar)."""
    longer: dict[bytes, bytes] = {}
    left = limit
    for _ in range(_ENTRIES):
        header = file.read(_BLOCK)
        if len(header) < _BLOCK or not header.strip(b"\0"):
            return
        kind, name, size = _header(header)
        is_file, is_longer = kind in {b"0", b"\0"}, kind in {b"x", b"L"}
        if is_file and b"size" in longer:
            size = _number(longer[b"size"], 10)
        padded = -(-size // _BLOCK) * _BLOCK
        left -= _BLOCK + padded
        if left < 0 or (is_longer and size > _LONGEST):
            raise ValueError(f"has more than {limit:,} bytes, unpacked")
        if is_file:
            yield longer.get(b"path", name).decode(errors="replace"), size
        content = b"".join(piece for piece in _run(file, padded) if is_longer)
        longer = longer | _longer(kind, content[:size]) if is_longer else {}


def _header(header: bytes) -> tuple[bytes, bytes, int]:
    """(type, path, bytes) of an entry."""
    if _number(header[148:156], 8) != sum(header[:148]) + 8 * ord(" ") + sum(header[156:]):
        raise ValueError("is not a readable archive")
    prefix, name = header[345:500].rstrip(b"\0"), header[:100].rstrip(b"\0")
    if not header[257:].startswith(b"ustar\0"):  # GNU tar has times there
        prefix = b""
    return header[156:157], b"/".join(filter(None, (prefix, name))), _number(header[124:136], 8)


def _longer(kind: bytes, data: bytes) -> dict[bytes, bytes]:
    """Values for the next file in place of those of its header."""
    if kind == b"L":
        return {b"path": data.rstrip(b"\0")}
    values = {}
    while data:
        length = data.partition(b" ")[0]
        record, data = data[: _number(length, 10)], data[max(1, _number(length, 10)) :]
        key, _, value = record[len(length) + 1 : -1].partition(b"=")
        values[key] = value
    return values


def _number(digits: bytes, base: int) -> int:
    digits = digits.strip(b" \0")
    if not digits.isdigit() or len(digits) > 12:  # noqa: PLR2004 - digits in a header
        raise ValueError("is not a readable archive")
    return int(digits, base)


def _run(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The next `size` bytes."""
    while size:
        piece = file.read(min(size, _PIECE))
        if not piece:
            raise EOFError
        size -= len(piece)
        yield piece


def user(number: int) -> str:
    """The name of a user or group in an archive without names."""
    return "root" if number == 0 else str(number)


def compressed(text: str) -> bytes:
    """`text` as gzip, without a time or a name in it."""
    return gzip.compress(text.encode(), mtime=0)
