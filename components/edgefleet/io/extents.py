"""Composed images written from extents: as a file of their own, or as a descriptor that refers to its parts.

Holes stay holes, and memory does not grow with the image. The digest is taken in a second thread from what
is written, not from the file afterwards. Where the file system shares blocks (reflink), a copied run costs
no space. A descriptor is a small JSON document; the common formats that refer to other files cannot say it
(qcow2 has one backing file at equal offsets; QEMU leaves out runs of zeroes in a VMDK of several extents).
"""

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

from edgefleet.errors import InvalidInput, Problem
from edgefleet.io import disk
from edgefleet.model.disk_layout import Extent

PIECE = 4 * 1024**2
"""Bytes in memory at a time."""
ZEROES = bytes(PIECE)
FORMAT = "edgefleet.dev/extents/v1"
AHEAD = 4
"""Pieces that may wait to be digested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An image that was written."""

    size: int
    sha256: str
    """Hex, of the bytes that it stands for."""


def write_copy(extents: Sequence[Extent], parts: Mapping[str, Path], out: Path) -> Written:
    """Write the image to `out`, whole or not at all.

    Args:
        extents: what follows what.
        parts: dict[name -> file].
        out: the image.
    """
    with disk.writing(out) as file:
        return _written(extents, parts, file)


def digest(extents: Sequence[Extent], parts: Mapping[str, Path]) -> Written:
    """What `write_copy` would have written, without writing."""
    return _written(extents, parts, None)


def _written(extents: Sequence[Extent], parts: Mapping[str, Path], file: Any) -> Written:
    sums = hashlib.sha256()
    waiting: Queue[bytes | memoryview | None] = Queue(AHEAD)

    def add() -> None:
        while (piece := waiting.get()) is not None:
            sums.update(piece)

    size = 0
    with ThreadPoolExecutor(1) as pool:
        summing = pool.submit(add)
        try:
            for piece, is_hole in pieces(extents, parts):
                waiting.put(piece)
                if file is not None and not is_hole:
                    file.seek(size)
                    file.write(piece)
                size += len(piece)
        finally:
            waiting.put(None)
        summing.result()
    if file is not None:
        file.truncate(size)
    return Written(size=size, sha256=sums.hexdigest())


def pieces(extents: Sequence[Extent], parts: Mapping[str, Path]) -> Iterator[tuple[bytes | memoryview, bool]]:
    """(bytes, whether they are a hole) of the image, in order."""
    for extent in extents:
        if not extent.part:
            yield from _hole(extent.length)
            continue
        path = parts[extent.part]
        with disk.explaining(path, "cannot be read"):
            source = path.open("rb", buffering=0)
        with source:
            yield from _of_file(source, extent.offset, extent.length)


def _hole(length: int) -> Iterator[tuple[memoryview, bool]]:
    whole = memoryview(ZEROES)
    while length > 0:
        yield whole[: min(length, PIECE)], True
        length -= PIECE


def _of_file(source: Any, offset: int, length: int) -> Iterator[tuple[bytes | memoryview, bool]]:
    """A run of a file; its holes are not read."""
    end = offset + length
    while offset < end:
        data = min(_next_data(source.fileno(), offset, end), end)
        yield from _hole(data - offset)
        hole = min(_next_hole(source.fileno(), data, end), end) if data < end else end
        source.seek(data)
        while data < hole:
            piece = source.read(min(PIECE, hole - data))
            if not piece:  # the file ends here: what is missing is zeroes, as in a sparse one
                yield from _hole(end - data)
                return
            yield piece, not any(piece[:1]) and piece == ZEROES[: len(piece)]
            data += len(piece)
        offset = hole


def _next_data(handle: int, offset: int, end: int) -> int:
    try:
        return os.lseek(handle, offset, os.SEEK_DATA)
    except OSError as error:
        return end if error.errno == errno.ENXIO else offset


def _next_hole(handle: int, offset: int, end: int) -> int:
    try:
        return os.lseek(handle, offset, os.SEEK_HOLE)
    except OSError:
        return end


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred:
    """A part that many images share."""

    path: Path
    sha256: str
    """Hex, of the whole file: it is found again by this where it was moved."""


def write_reference(
    extents: Sequence[Extent], own: Mapping[str, Path], shared: Mapping[str, Referred], out: Path
) -> Path:
    """Write a descriptor to `out` that refers to its parts, and beside it the file of those that are its own.

    Args:
        extents: what follows what.
        own: dict[name -> file] of the parts that belong to this image alone.
        shared: dict[name -> file] of the others, which stay where they are.
        out: ``n1.raw.json``.

    Returns:
        The file of its own parts, ``n1.raw.parts``.
    """
    beside = out.with_suffix(".parts")
    places: dict[str, int] = {}
    with disk.writing(beside) as file:
        for name, path in sorted(own.items()):
            places[name] = file.tell()
            file.write(path.read_bytes())
    document = {
        "format": FORMAT,
        "own": beside.name,
        "shared": {
            name: {"path": os.path.relpath(part.path, out.parent), "sha256": part.sha256}
            for name, part in shared.items()
        },
        "extents": [
            ["own" if each.part in places else each.part, each.offset + places.get(each.part, 0), each.length]
            for each in extents
        ],
    }
    disk.write(out, (json.dumps(document, indent=1) + "\n").encode())
    return beside


def read_reference(
    descriptor: Path, find: Callable[[str], Path | None]
) -> tuple[list[Extent], dict[str, Path]]:
    """The extents of a descriptor, and dict[part -> file].

    Args:
        descriptor: what `write_reference` wrote.
        find: a hex SHA-256 -> the file that has it, asked where a shared part is not where it was.

    Raises:
        InvalidInput: it is no descriptor, or a part is nowhere.
    """
    try:
        plain = json.loads(disk.read(descriptor) or b"")
        extents = [
            Extent(part=part, offset=offset, length=length) for part, offset, length in plain["extents"]
        ]
        shared = {name: (str(each["path"]), str(each["sha256"])) for name, each in plain["shared"].items()}
        parts = {"own": descriptor.parent / str({FORMAT: plain["own"]}[plain["format"]])}
    except (ValueError, KeyError, TypeError) as error:
        hint = "build the image again"
        raise _wrong(descriptor, "bad-reference", "describes no image", hint) from error
    for name, (path, sha256) in shared.items():
        place: Path | None = descriptor.parent / path
        if place is None or not place.is_file():
            place = find(sha256)
        if place is None:
            problem = f"refers to {path} (sha256:{sha256[:12]}...), which is not there any more"
            raise _wrong(
                descriptor, "lost-part", problem, "fetch it again, or build the image with --share copy"
            )
        parts[name] = place
    return extents, parts


def _wrong(where: Path, code: str, problem: str, hint: str) -> InvalidInput:
    return InvalidInput(Problem(code=code, where=str(where), problem=problem, hint=hint))
