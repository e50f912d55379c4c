"""Archives whose bytes follow from names and contents alone: tar (POSIX ustar) and gzip."""

import gzip
import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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


def user(number: int) -> str:
    """The name of a user or group in an archive without names."""
    return "root" if number == 0 else str(number)


def compressed(text: str) -> bytes:
    """`text` as gzip, without a time or a name in it."""
    return gzip.compress(text.encode(), mtime=0)
