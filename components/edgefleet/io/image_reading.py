"""The files in a finished image, read back: small ones into memory, those of a payload as a stream of bytes.

A seed is read by its own kind (ISO 9660, tar, one file). In a disk image the seed is a FAT, read by mtools,
and the payload a squashfs, read by unsquashfs; the image's manifest states their places. What cannot be read
raises ValueError; a missing tool raises OutsideFailure.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgefleet.errors import EdgefleetError
from edgefleet.io import disk, tools
from edgefleet.io.archives import Found, read_tar
from edgefleet.io.iso9660 import read_iso
from edgefleet.model.disk_layout import Extent
from edgefleet.model.listing import Entry, Piece, entry

FOLDER = "edgefleet"
"""Directory of the added files on an installer's medium."""
CARRIED = f"{FOLDER}/payload/"
LARGEST_SEED = 64 * 1024**2
"""Most bytes of a seed, and of the files in it: several may claim the same bytes."""
ONE_FILE = (".ign", ".sh")
"""Endings of seeds that are one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Bytes of a file."""

    file: Path
    offset: int
    size: int

    def sha256(self) -> str:
        """``sha256:<hex>``, read a piece at a time."""
        digest = hashlib.sha256()
        for piece in self.read():
            digest.update(piece)
        return f"sha256:{digest.hexdigest()}"

    def read(self) -> Iterator[bytes]:
        """The bytes, a piece at a time; fewer where the file ends.

        Raises:
            OutsideFailure: it cannot be read.
        """
        remaining = self.size
        with disk.reading(self.file) as file:
            file.seek(self.offset)
            while remaining and (piece := file.read(min(remaining, disk.PIECE))):
                yield piece
                remaining -= len(piece)


def run_of(piece: Piece, extents: Sequence[Extent], parts: Mapping[str, Path]) -> Run | None:
    """Where the bytes of `piece` are; `None` where the image has nothing there.

    Args:
        piece: a run of the image.
        extents: those of the image.
        parts: dict[part -> file].
    """
    at = 0
    for extent in extents:
        if extent.part and at <= piece.offset and piece.offset + piece.size <= at + extent.length:
            return Run(file=parts[extent.part], offset=extent.offset + piece.offset - at, size=piece.size)
        at += extent.length
    return None


def read_seed(name: str, data: bytes, only: str = "") -> dict[str, tuple[Entry, bytes]]:
    """dict[path -> (entry, content)] of a seed.

    Args:
        name: of its file.
        data: its bytes.
        only: name for the file in a seed of one file; its own name by default.
    """
    if name.endswith(ONE_FILE):
        path = only or name
        return {path: (entry(path, data), data)}
    return _whole(read_tar(data) if name.endswith(".tar") else read_iso(data))


def _whole(files: Iterable[Found]) -> dict[str, tuple[Entry, bytes]]:
    """dict[path -> (entry, content)] of `files`."""
    contents, total = {}, 0
    for file in files:
        total += file.size
        if total > LARGEST_SEED:
            raise ValueError(f"its files have more than {LARGEST_SEED:,} bytes")
        data = b"".join(file.pieces)
        contents[file.path] = (entry(file.path, data, mode=file.mode, owner=file.owner), data)
    return contents


def read_medium(image: Path, promised: frozenset[str]) -> dict[str, tuple[Entry, bytes]]:
    """dict[path -> (entry, content)] of the files added to an installer's medium, without its payload.

    Args:
        image: the file; it is not read as a whole.
        promised: paths of which some are the base's own, replaced.
    """
    return _whole(own_files(image, promised))


def own_files(image: Path, promised: frozenset[str]) -> Iterator[Found]:
    """The files that `read_medium` returns, one after the other."""
    return read_iso(
        image,
        lambda path: path in promised or (path.startswith(f"{FOLDER}/") and not path.startswith(CARRIED)),
    )


def read_carried(image: Path) -> dict[str, Entry]:
    """dict[path -> entry] of the payload on an installer's medium; its bytes are digested as they come."""
    entries = {}
    for file in read_iso(image, lambda path: path.startswith(CARRIED)):
        digest, path = hashlib.sha256(), file.path.removeprefix(CARRIED)
        for piece in file.pieces:
            digest.update(piece)
        sha256 = f"sha256:{digest.hexdigest()}"
        entries[path] = Entry(path=path, size=file.size, digest=sha256, mode=file.mode, owner=file.owner)
    return entries


def read_fat(of: Run) -> dict[str, tuple[Entry, bytes]]:
    """dict[path -> (entry, content)] in a FAT, without modes and owners."""
    tools.found("mdir")
    image = f"{of.file}@@{of.offset}"
    try:
        listed = tools.use("mdir", "-/", "-b", "-i", image, "::/").decode(errors="replace").splitlines()
        files = [line.removeprefix("::/") for line in listed if line and not line.endswith("/")]
        contents = {path: tools.use("mcopy", "-i", image, f"::/{path}", "-") for path in files}
    except EdgefleetError as error:
        raise ValueError(error.problem.problem) from error
    return {path: (entry(path, data), data) for path, data in contents.items()}


def read_squashfs(of: Run) -> dict[str, Entry]:
    """dict[path -> entry] in a squashfs; its bytes are digested as they come."""
    tools.found("unsquashfs")
    where = ("-o", str(of.offset))
    try:
        lines = (
            tools.use("unsquashfs", *where, "-lln", "-d", "", of.file).decode(errors="replace").splitlines()
        )
        found = [_listed(line) for line in lines if line.startswith("-")]
        paths = [file.path for file in found]
        pieces = tools.stream("unsquashfs", *where, "-cat", of.file, *paths) if paths else iter(())
        return {file.path: file for file in _digested(found, pieces)}
    except EdgefleetError as error:
        raise ValueError(error.problem.problem) from error


def _listed(line: str) -> Entry:
    """``-rwxr-xr-x 0/0  9000 1980-01-01 00:00 /bin/k3s``."""
    modes, owner, size, _, _, path = line.split(None, 5)
    bits = sum(1 << (8 - at) for at, letter in enumerate(modes[1:10]) if letter != "-")
    user, _, group = owner.partition("/")
    names = ":".join("root" if each == "0" else each for each in (user, group))
    return Entry(path=path.lstrip("/"), size=int(size), digest="", mode=f"{bits:04o}", owner=names)


def _digested(files: Sequence[Entry], pieces: Iterator[bytes]) -> Iterator[Entry]:
    """`files` with the digests of their contents, which come one after the other."""
    rest = memoryview(b"")
    for file in files:
        digest, remaining = hashlib.sha256(), file.size
        while remaining:
            if not rest:
                piece = next(pieces, b"")
                if not piece:
                    break
                rest = memoryview(piece)
            digest.update(rest[:remaining])
            taken = min(remaining, len(rest))
            rest, remaining = rest[taken:], remaining - taken
        yield replace(file, digest=f"sha256:{digest.hexdigest()}")
