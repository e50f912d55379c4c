"""Refusing an image that holds a secret of another site.

A site's own parts are read from the finished image; base and payload, which many images share, are scanned
once for each digest and their marks cached. A report names a secret and its site, and never shows it.
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO

from edgefleet.errors import InvalidInput
from edgefleet.io import disk, extents, sparse_file
from edgefleet.io.image_reading import own_files, run_of
from edgefleet.io.payload_listing import listed
from edgefleet.io.sparse_file import PIECE
from edgefleet.keys.secret_scan import GZIP, MARK, Known, Whose, mark, marks, words
from edgefleet.model.composing import Composed
from edgefleet.model.disk_layout import Extent
from edgefleet.site.manifest import CARRIED

SHARED_PARTS = frozenset({"base", "payload"})
"""Parts of a disk image that many images share."""
GENERATION = 1
"""Generation of the scan: another one scans again."""
OVERLAP = 256
"""Bytes of a piece that are scanned again with the next, so that no word is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan of one node's image."""

    known: Known = field(repr=False)
    site: str
    node: str
    used: frozenset[str]
    """Names of the stack's secrets that the site may hold."""
    marks: Path
    """Directory for marks of files that many images share."""

    def check(self, data: bytes, where: str) -> None:
        """Scan a part of this image alone; `where` is its name, ``user-data``.

        Raises:
            InvalidInput: they hold another site's secret.
        """
        found = marks(data, self.known.values)
        self._refuse(self.known.others(found, self.site, self.used), where)

    def check_file(self, path: Path, digest: str, where: str) -> None:
        """Scan a file that many images share; its digest is hex."""
        there = marks_of(path, digest.removeprefix("sha256:"), self.marks)
        found = iter(there & self.known.marks.keys())
        self._refuse(self.known.others(found, self.site, self.used), where)

    def check_payload(self, folder: Path) -> None:
        """Scan the payload."""
        for entry in listed(folder):
            self.check_file(folder / entry.path.partition("/")[2], entry.digest, entry.path)

    def check_composed(self, image: Path, made: Composed) -> None:
        """Scan the bytes of a finished image that it does not share."""
        try:
            for data, where in _own(image, made):
                self.check(data, where)
        except ValueError:  # without separable files: all of its bytes are scanned
            self._refuse(self.known.others(fresh_marks(image), self.site, self.used), image.name)

    def _refuse(self, whose: Whose | None, where: str) -> None:
        if whose is None:
            return
        site, secret = whose
        of = f"of site {site}" if site else "of the stack"
        raise InvalidInput.at(
            f"{self.site}/{self.node}",
            "leak",
            f"its image would hold a secret {of} in {where}: {secret}",
            "remove it from the fleet file, base or payload that it comes from (no node may "
            "have run from a base); nothing of this image was kept",
        )


def _own(image: Path, composed: Composed) -> Iterator[tuple[bytes, str]]:
    """(bytes, their name) of the parts of an image that no other shares."""
    if composed.pieces:
        yield from _of_disk(image, composed)
        return
    promised = frozenset(each.path for each in composed.files if not each.path.startswith(CARRIED))
    for file in own_files(image, promised):
        yield b"".join(file.pieces), file.path


def _of_disk(image: Path, composed: Composed) -> Iterator[tuple[bytes, str]]:
    runs: list[Extent] = [Extent(part="image", offset=0, length=composed.size)]
    parts = {"image": image}
    if composed.beside:
        runs, parts = extents.read_reference(image, extents.in_place)
    for piece in composed.pieces:
        run = run_of(piece, runs, parts) if piece.part not in SHARED_PARTS else None
        if run is not None:
            yield b"".join(run.read()), f"its {piece.part}"


@lru_cache(maxsize=64)
def marks_of(path: Path, digest: str, folder: Path) -> frozenset[bytes]:
    """Marks of all words in a file; in a tar archive also of those in its gzip layers.

    `digest` is its hex SHA-256, verified already; `folder` has the cached marks.

    Raises:
        OutsideFailure: it cannot be read, or the marks cannot be written.
    """
    place = folder / f"{digest}.{GENERATION}"
    data = disk.read(place)
    if data is None or len(data) % MARK:
        with disk.locked(folder, who="a scan", is_patient=True):
            data = disk.read(place)
            if data is None or len(data) % MARK:
                data = b"".join(sorted(set(fresh_marks(path))))
                disk.write(place, data)
    return frozenset(data[at : at + MARK] for at in range(0, len(data), MARK))


def fresh_marks(path: Path) -> Iterator[bytes]:
    """Marks of all words in a file, not cached.

    Raises:
        OutsideFailure: it cannot be read.
    """
    return map(mark, _words(path))


def _words(path: Path) -> Iterator[bytes]:
    with disk.explaining(path, "cannot be read"), path.open("rb") as file:
        size = file.seek(0, 2)
        for offset, length, is_hole in sparse_file.runs(file.fileno(), 0, size):
            if not is_hole:
                file.seek(offset)
                yield from _of_stream(file, length)
        file.seek(0)
        yield from _of_layers(file)


def _of_layers(file: IO[bytes]) -> Iterator[bytes]:
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                layer = archive.extractfile(member) if member.isfile() else None
                if layer is not None and layer.read(len(GZIP)) == GZIP:
                    layer.seek(0)
                    with gzip.open(layer) as unpacked:
                        yield from _of_stream(unpacked)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile):
        return  # damaged or not an archive: its bytes were scanned already


def _of_stream(file: IO[bytes] | gzip.GzipFile, remaining: int | None = None) -> Iterator[bytes]:
    """Words in a stream of `remaining` bytes, or of all; pieces overlap, so that no word is cut."""
    rest = b""
    while remaining != 0 and (piece := file.read(PIECE if remaining is None else min(remaining, PIECE))):
        data = rest + piece
        yield from words(data)
        rest = data[-OVERLAP:]
        remaining = None if remaining is None else remaining - len(piece)
