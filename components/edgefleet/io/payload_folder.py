"""The directory in which a box finds its payload: ``bin/``, ``images/``, ``SHA256SUMS``, of a cache's files.

Files are further names of the cache's where the file system can (nothing is copied), else copies.
"""

import errno
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io import disk
from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.sourcing import archived
from edgefleet.model.listing import Entry
from edgefleet.model.medium import PayloadFile

SUMS = "SHA256SUMS"
_NO_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS})


def lay_out(cache: ArtifactCache, files: Iterable[PayloadFile], folder: Path) -> None:
    """Put `files` into `folder`, which is made.

    Raises:
        OutsideFailure: some are not in the cache, all of them named; or the disk is full.
    """
    found = {file.path: _found(cache, file) for file in files}
    missing = sorted(path for path, source in found.items() if source is None)
    if missing:
        raise OutsideFailure(_missing(missing))
    sums = {}
    for path, source in sorted(found.items()):
        if source is not None:
            _put(source, folder / path)
            sums[path] = source.name
    disk.jot(folder / SUMS, "".join(f"{sums[path]}  {path}\n" for path in sums).encode())


def listed(folder: Path) -> tuple[Entry, ...]:
    """What a payload holds, below ``payload/``, with modes and owners as a medium has them.

    Digests are those of `SUMS`, which were checked when the files were fetched.
    """
    sums = _sums(folder)
    found = []
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        path = file.relative_to(folder).as_posix()
        found.append(
            Entry(
                path=f"payload/{path}",
                size=file.stat().st_size,
                digest=f"sha256:{sums.get(path) or disk.sha256(file)}",
                mode="0755" if path.startswith("bin/") else "0644",
                owner="root:root",
            )
        )
    return tuple(found)


def _sums(folder: Path) -> dict[str, str]:
    lines = (line.split("  ", 1) for line in (disk.read(folder / SUMS) or b"").decode().splitlines())
    return {path: digest for digest, path in lines}


def entry(path: str, data: bytes, *, mode: str = "", owner: str = "") -> Entry:
    """A small file as an entry."""
    return Entry(
        path=path, size=len(data), digest=f"sha256:{hashlib.sha256(data).hexdigest()}", mode=mode, owner=owner
    )


def _found(cache: ArtifactCache, file: PayloadFile) -> Path | None:
    """The file in the cache; of an image's archive the digest that is known is its manifest's."""
    return archived(cache, Path(file.path).stem, file.digest) or cache.path(file.digest)


def _put(source: Path, path: Path) -> None:
    with disk.explaining(path, "cannot be written"):
        disk.make_directory(path.parent)
        try:
            os.link(source, path)
        except FileExistsError:
            path.unlink()
            os.link(source, path)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            disk.copy(source, path)


def _missing(paths: list[str]) -> Problem:
    named = ", ".join(paths[:3]) + (f" and {len(paths) - 3:,} more" if len(paths) > 3 else "")  # noqa: PLR2004 - a few
    return Problem(
        code="not-fetched",
        problem=f"not in the cache of artifacts: {named}",
        hint="run edgefleet artifacts fetch with the fleet file",
    )
