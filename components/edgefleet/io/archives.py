"""Archives whose bytes follow from names and contents alone: tar (POSIX ustar) and gzip."""

import gzip
import io
import tarfile
from collections.abc import Mapping

PRIVATE_FILE = 0o600


def tar(files: Mapping[str, bytes]) -> bytes:
    """The archive of dict[path -> content]: in the order of paths, without owners and times, mode 0600."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), PRIVATE_FILE
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def read_tar_modes(data: bytes) -> dict[str, tuple[str, str]]:
    """dict[path -> (mode as ``0600``, ``user:group``)] of an archive's files.

    Raises:
        ValueError: it is no such archive.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            return {
                member.name: (
                    f"{member.mode:04o}",
                    f"{member.uname or _user(member.uid)}:{member.gname or _user(member.gid)}",
                )
                for member in archive
                if member.isfile()
            }
    except tarfile.TarError as error:
        raise ValueError(f"no tar archive: {error}") from error


def _user(number: int) -> str:
    return "root" if number == 0 else str(number)


def read_tar(data: bytes) -> dict[str, bytes]:
    """dict[path -> content] of an archive's files.

    Raises:
        ValueError: it is no such archive.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            opened = ((each.name, archive.extractfile(each)) for each in archive if each.isfile())
            return {name: file.read() for name, file in opened if file is not None}
    except tarfile.TarError as error:
        raise ValueError(f"no tar archive: {error}") from error


def compressed(text: str) -> bytes:
    """`text` as gzip, without a time or a name in it."""
    return gzip.compress(text.encode(), mtime=0)
