"""The directory with a node's payload: ``bin/``, ``images/``, ``SHA256SUMS``, from a cache's files.

Files are hard links into the cache where the file system allows it, else copies.
"""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io import disk
from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.payload_listing import SUMS
from edgefleet.io.sourcing import archived
from edgefleet.model.medium import PayloadFile

_NO_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS})


def lay_out(cache: ArtifactCache, files: Iterable[PayloadFile], folder: Path) -> None:
    """Put `files` into `folder`, which is made.

    Raises:
        OutsideFailure: some are not in the cache, all of them named; or the disk is full.
    """
    sources = {file.path: _source(cache, file) for file in files}
    missing = sorted(path for path, source in sources.items() if source is None)
    if missing:
        raise OutsideFailure(_missing(missing))
    sums = {}
    for path, source in sorted(sources.items()):
        if source is not None:
            _put(source, folder / path)
            sums[path] = source.name
    disk.jot(folder / SUMS, "".join(f"{sums[path]}  {path}\n" for path in sums).encode())


def _source(cache: ArtifactCache, file: PayloadFile) -> Path | None:
    """The file in the cache; an image's archive is found by the digest of its manifest."""
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
