"""Composed images written from extents: as a file of their own, or as a descriptor that refers to its parts.

Holes stay holes, and memory does not grow with the image. The digest is taken in a second thread from what
is written, not from the file afterwards. Where the file system shares blocks (reflink), a copied run costs
no space. A descriptor is a small JSON document; the common formats that refer to other files cannot
(qcow2 has one backing file at equal offsets; QEMU leaves out runs of zeroes in a VMDK of several extents).
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import Field

from edgefleet.errors import InvalidInput
from edgefleet.io import disk, sparse_file
from edgefleet.io.disk import Copied
from edgefleet.io.sparse_file import BLOCK, PIECE, ZEROES, Digesting, NewFile
from edgefleet.model import strict_json
from edgefleet.model.disk_layout import Extent
from edgefleet.model.spec import spec

FORMAT = "edgefleet.dev/extents/v1"
REBUILD = "build the image again"
LARGEST = 1024**2
"""Most bytes of a descriptor."""
MOST_EXTENTS = 10_000
Offset = Annotated[int, Field(ge=0, le=2**44)]
"""Bytes; no image has more than 16 TiB."""


def write_copy(extents: Sequence[Extent], parts: Mapping[str, Path], out: Path) -> Copied:
    """Write the image to `out`, whole or not at all.

    Args:
        extents: the extents in order.
        parts: dict[name -> file].
        out: the image.
    """
    with disk.writing(out) as file:
        return _written(extents, parts, file)


def digest(extents: Sequence[Extent], parts: Mapping[str, Path]) -> Copied:
    """The result of `write_copy`, without writing."""
    return _written(extents, parts, None)


def _written(extents: Sequence[Extent], parts: Mapping[str, Path], file: BinaryIO | None) -> Copied:
    """Digest the image, and write it to `file` if there is one."""
    with Digesting() as digesting:
        if file is None:
            size = _through(extents, parts, digesting, None)
        else:
            with NewFile(file.fileno()) as target:
                size = _through(extents, parts, digesting, target)
                target.end(size)  # while the digest is still being taken
    return Copied(size=size, sha256=digesting.hexdigest())


def _through(
    extents: Sequence[Extent], parts: Mapping[str, Path], digesting: Digesting, target: NewFile | None
) -> int:
    """Digest the extents in order, and write them to `target` if there is one; the number of bytes."""
    size = 0
    for source, offset, length in _runs(extents, parts):
        if source is None:
            digesting.add_zeroes(length)
        elif target is None:
            _digest(source, offset, length, digesting)
        else:
            _copy(source, offset, length, digesting, (target, size))
        size += length
    return size


def _copy(source: int, offset: int, length: int, digesting: Digesting, to: tuple[NewFile, int]) -> None:
    """Digest a run of data, and write it `to` (a file, where), sharing whole blocks where possible."""
    target, at = to
    first = min(-offset % BLOCK, length)
    whole = (length - first) // BLOCK * BLOCK
    if (offset - at) % BLOCK or not target.share(at + first, source, offset + first, whole):
        _digest(source, offset, length, digesting, to)
        return
    rest = first + whole
    _digest(source, offset, first, digesting, to)
    _digest(source, offset + first, whole, digesting)
    _digest(source, offset + rest, length - rest, digesting, (target, at + rest))


def _digest(
    source: int, offset: int, length: int, digesting: Digesting, to: tuple[NewFile, int] | None = None
) -> None:
    """Digest a run of data, and write it `to` (a file, where) if that is given."""
    done = 0
    while done < length:
        buffer = digesting.buffer()
        piece = buffer[: min(PIECE, length - done)]
        count = os.preadv(source, [piece], offset + done)
        if not count:  # the file ends here: what is missing is zeroes, as in a sparse one
            digesting.add_zeroes(length - done)
            return
        digesting.add(buffer, count)
        if to is not None:
            to[0].write(to[1] + done, piece[:count])
        done += count


def pieces(extents: Sequence[Extent], parts: Mapping[str, Path]) -> Iterator[tuple[bytes | memoryview, bool]]:
    """(bytes, whether they are a hole) of the image, in order."""
    for source, offset, length in _runs(extents, parts):
        done = 0
        while done < length:
            count = min(PIECE, length - done)
            piece = b"" if source is None else os.pread(source, count, offset + done)
            yield (piece, False) if piece else (ZEROES[:count], True)
            done += len(piece) or count


def _runs(extents: Sequence[Extent], parts: Mapping[str, Path]) -> Iterator[tuple[int | None, int, int]]:
    """(open file, offset, length) of each extent; no file for a hole."""
    for extent in extents:
        if not extent.part:
            yield None, 0, extent.length
            continue
        with disk.reading(parts[extent.part]) as source:
            for offset, length, is_hole in sparse_file.runs(source.fileno(), extent.offset, extent.length):
                yield None if is_hole else source.fileno(), offset, length


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
        extents: the extents in order.
        own: dict[name -> file] of the parts that belong to this image alone.
        shared: dict[name -> file] of the others, which stay where they are.
        out: ``n1.raw.json``.

    Returns:
        The file of its own parts, ``n1.raw.parts``.
    """
    beside = out.with_suffix(".parts")
    places: dict[str, int] = {}
    size = 0
    with disk.writing(beside) as file:
        for name, path in sorted(own.items()):
            data = path.read_bytes()
            places[name] = size
            sparse_file.write(file.fileno(), size, memoryview(data))
            size += -(-len(data) // BLOCK) * BLOCK
        os.ftruncate(file.fileno(), size)
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


Find = Callable[[str, Path], Path | None]
"""(hex SHA-256 of a shared part, the place that the descriptor states) -> the file to read."""


@spec
class _Shared:
    path: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@spec
class _Descriptor:
    format: Literal["edgefleet.dev/extents/v1"]
    own: str
    shared: dict[str, _Shared]
    extents: Annotated[tuple[tuple[str, Offset, Offset], ...], Field(max_length=MOST_EXTENTS)]


def in_place(_: str, place: Path) -> Path | None:
    """Shared parts where a descriptor of this machine's own build states them."""
    return place if place.is_file() else None


def read_reference(descriptor: Path, find: Find) -> tuple[list[Extent], dict[str, Path]]:
    """The extents of a descriptor, and dict[part -> file].

    Args:
        descriptor: what `write_reference` wrote.
        find: finds shared parts; a descriptor is not signed, so `find` decides which files may be read.

    Raises:
        InvalidInput: it is no descriptor, or a part is nowhere.
    """
    beside = descriptor.with_suffix(".parts")
    try:
        plain = strict_json.read(_Descriptor, disk.read(descriptor, limit=LARGEST) or b"")
    except ValueError as error:
        raise _wrong(descriptor, "bad-reference", f"describes no image ({error})", REBUILD) from error
    if plain.own != beside.name or not {part for part, _, _ in plain.extents} <= {"", "own", *plain.shared}:
        raise _wrong(descriptor, "bad-reference", "refers to files that are not its parts", REBUILD)
    parts = {"own": beside}
    for name, part in plain.shared.items():
        place = find(part.sha256, descriptor.parent / part.path)
        if place is None:
            problem = f"refers to {part.path} (sha256:{part.sha256[:12]}...), which is not there any more"
            raise _wrong(
                descriptor, "lost-part", problem, "fetch it again, or build the image with --share copy"
            )
        parts[name] = place
    return [Extent(part=part, offset=offset, length=length) for part, offset, length in plain.extents], parts


def _wrong(where: Path, code: str, problem: str, hint: str) -> InvalidInput:
    return InvalidInput.at(where, code, problem, hint)
