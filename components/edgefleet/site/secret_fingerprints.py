"""Marks of the words in large files, computed once for each digest and cached: many images share a base."""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO

from edgefleet.io import disk, sparse_file
from edgefleet.io.sparse_file import PIECE
from edgefleet.keys.secret_scan import GZIP, MARK, mark, words

GENERATION = 1
"""Generation of the scan: another one scans again."""
OVERLAP = 256
"""Bytes of a piece that are scanned again with the next, so that no word is cut."""


@lru_cache(maxsize=64)
def marks(path: Path, digest: str, folder: Path) -> frozenset[bytes]:
    """Marks of all words in a file; in a tar archive also of those in its gzip layers.

    Args:
        path: the file.
        digest: hex SHA-256 of it, verified already.
        folder: directory of the cached marks.

    Raises:
        OutsideFailure: it cannot be read, or the marks cannot be written.
    """
    place = folder / f"{digest}.{GENERATION}"
    data = disk.read(place)
    if data is None or len(data) % MARK:
        with disk.locked(folder, who="a scan", is_patient=True):
            data = disk.read(place)
            if data is None or len(data) % MARK:
                data = b"".join(sorted(set(fresh(path))))
                disk.write(place, data)
    return frozenset(data[at : at + MARK] for at in range(0, len(data), MARK))


def fresh(path: Path) -> Iterator[bytes]:
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
    """Words in a stream; pieces overlap, so that no word is cut.

    Args:
        file: the stream.
        remaining: number of bytes; `None` for all.
    """
    rest = b""
    while remaining != 0 and (piece := file.read(PIECE if remaining is None else min(remaining, PIECE))):
        data = rest + piece
        yield from words(data)
        rest = data[-OVERLAP:]
        remaining = None if remaining is None else remaining - len(piece)
