"""One program out of the archive that it is released in."""

import shutil
import tarfile
import zlib
from pathlib import Path

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io import disk
from edgefleet.io.artifact_cache import ArtifactCache


def unpack(cache: ArtifactCache, archive: Path, member: str, *, where: str) -> tuple[str, int]:
    """Keep the file `member` of a tar; its hex SHA-256 and bytes.

    Args:
        cache: where it is kept.
        archive: the tar, compressed or not.
        member: its path in there, with or without ``./``.
        where: what the archive is called in messages.

    Raises:
        OutsideFailure: there is no such file in it, it is no tar, or the disk is full.
    """
    made = cache.scratch()
    try:
        with tarfile.open(archive, "r:*") as tar:
            found = next(
                (each for each in tar if each.isreg() and each.name.removeprefix("./") == member), None
            )
            content = tar.extractfile(found) if found is not None else None
            if content is None:
                raise OutsideFailure(_wrong(where, f"has no file {member}"))
            with disk.writing(made) as file:
                shutil.copyfileobj(content, file, disk.PIECE)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise OutsideFailure(_wrong(where, "is no archive that can be read")) from error
    return cache.adopt(made)


def _wrong(where: str, problem: str) -> Problem:
    hint = "check the version; this program may be released in another form now"
    return Problem(code="bad-archive", where=where, problem=problem, hint=hint)
