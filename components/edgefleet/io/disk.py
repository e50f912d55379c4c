"""Files on this machine, written whole or not at all; an error is reported in one line.

A file is written to a temporary name beside its place, flushed to the medium and renamed over it, so
that a crash or a full disk leaves either the old bytes or the new ones. Everything is private by
default: images hold credentials. Each function raises OutsideFailure where the disk is full, broken, or may
not be read or written.
"""

import ctypes
import errno
import fcntl
import glob
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from edgefleet.errors import OutsideFailure
from edgefleet.io import sparse_file

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
SUFFIX = ".tmp"
LOCK = ".lock"
IGNORED = ".gitignore"
EVERYTHING = b"*\n"
"""What git leaves out of a directory with credentials."""
PIECE = 4 * 1024**2
"""Bytes of a file that are in memory at a time."""

_HINTS = {
    errno.ENOSPC: ("disk-full", "the disk is full", "free some space there and run again"),
    errno.EDQUOT: ("disk-full", "the disk quota is used up", "free some space there and run again"),
    errno.EACCES: ("no-permission", "permission denied", "give this user the right to write there"),
    errno.EPERM: ("no-permission", "not permitted", "give this user the right to write there"),
    errno.EROFS: ("read-only", "the file system is read-only", "choose a place that can be written"),
    errno.ENOTDIR: ("not-a-directory", "a file is where a directory is needed", "move that file away"),
    errno.EISDIR: ("is-a-directory", "a directory is where a file is needed", "move that directory away"),
    errno.ELOOP: ("symlink", "it is a symbolic link", "remove the link; links are not followed"),
    errno.ENAMETOOLONG: ("name-too-long", "the path is too long", "choose a shorter directory"),
    errno.EIO: ("medium", "the medium reports an error", "check the disk; its data may be at risk"),
}


@contextmanager
def explaining(path: Path, doing: str) -> Iterator[None]:
    """Turn an `OSError` inside the block into one clear line.

    Args:
        path: the file or directory.
        doing: the failed task, ``cannot be written``.

    Raises:
        OutsideFailure: in place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        fallback = ("disk", (error.strerror or type(error).__name__).lower(), "fix the cause and run again")
        code, why, hint = _HINTS.get(error.errno or 0, fallback)
        raise OutsideFailure.at(path, code, f"{doing}: {why}", hint) from error


def write(path: Path, data: bytes, *, mode: int = PRIVATE_FILE, is_flushed: bool = True) -> None:
    """Write `data` to `path`, whole or not at all; missing directories are made private.

    Args:
        path: the file.
        data: its bytes.
        mode: its permissions.
        is_flushed: whether it outlives a power cut from here on; if not, `flush_all` does it for many.
    """
    with writing(path, mode=mode, is_flushed=is_flushed) as file:
        file.write(data)


def jot(path: Path, data: bytes) -> None:
    """Write `data` to `path` in a scratch directory: not flushed, as it does not outlive the run."""
    with explaining(path, "cannot be written"):
        make_directory(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, PRIVATE_FILE)
        with os.fdopen(handle, "wb") as file:
            file.write(data)


def update(path: Path, data: bytes, *, mode: int = PRIVATE_FILE, is_flushed: bool = True) -> None:
    """Write `data` to `path` as `write` does, unless it holds them already."""
    if read(path) != data:
        write(path, data, mode=mode, is_flushed=is_flushed)


def flush_all(folder: Path) -> None:
    """Make everything durable that was written to the file system of `folder`."""
    with explaining(folder, "cannot be written"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            flush = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)  # Linux: syncfs(2)
            if flush is None:
                os.sync()
            elif flush(handle):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        finally:
            os.close(handle)


@contextmanager
def writing(path: Path, *, mode: int = PRIVATE_FILE, is_flushed: bool = True) -> Iterator[BinaryIO]:
    """A file to write that becomes `path` at the end of the block, whole; after an error nothing is left."""
    with explaining(path, "cannot be written"):
        make_directory(path.parent)
        _check_replaceable(path)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=SUFFIX, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), mode)
                yield file
                if is_flushed:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(temporary, path)  # noqa: PTH105 - both names are in one directory
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108 - mkstemp speaks in plain strings
            raise
        if is_flushed:
            sync_directory(path.parent)


def _check_replaceable(path: Path) -> None:
    """Refuse to put a file in the place of a device or a pipe, which root could."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        problem = "it is a device or a pipe, and a file would replace it"
        raise OutsideFailure.at(path, "no-file", problem, "name a file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """Size and digest of a written file."""

    size: int
    """Bytes."""
    sha256: str
    """Hex SHA-256."""


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file, read a piece at a time."""
    with reading(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def state(path: Path) -> tuple[int, ...]:
    """A state of a file that differs after it was written to or replaced."""
    with explaining(path, "cannot be read"):
        found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def copy(source: Path, path: Path, *, mode: int = PRIVATE_FILE) -> Copied:
    """Copy a file a piece at a time, whole or not at all; its blocks of zeroes become holes."""
    digest, size = hashlib.sha256(), 0
    with reading(source) as original, writing(path, mode=mode) as file:
        while piece := original.read(PIECE):
            digest.update(piece)
            sparse_file.write(file.fileno(), size, memoryview(piece))
            size += len(piece)
        os.ftruncate(file.fileno(), size)
    return Copied(size=size, sha256=digest.hexdigest())


@contextmanager
def locked(folder: Path, *, who: str, is_patient: bool = False) -> Iterator[None]:
    """Hold `folder`, made if missing, alone on this machine; the lock is gone with the process.

    Args:
        folder: the folder to write to exclusively.
        who: the holder, for the other process's error: ``a build of store-0007``.
        is_patient: whether to wait until it is free.

    Raises:
        OutsideFailure: another process holds it, and this one does not wait.
    """
    with explaining(folder, "cannot be locked"):
        make_directory(folder)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if is_patient else fcntl.LOCK_NB))
        except BlockingIOError as error:
            hint = "wait for it to end, or stop it; nothing was changed"
            raise OutsideFailure.at(folder, "busy", f"{who} is under way already", hint) from error
        yield
    finally:
        os.close(handle)


def interrupted(path: Path) -> list[Path]:
    """Files that writes of `path` left which were killed in the middle."""
    return list(path.parent.glob(f".{glob.escape(path.name)}.*{SUFFIX}"))


def make_directory(path: Path) -> None:
    """Make `path` and its missing parents, each 0700; directories that exist keep their mode."""
    if path.is_dir():
        return
    if path.parent != path:
        make_directory(path.parent)
    with suppress(FileExistsError):
        path.mkdir(mode=PRIVATE_DIRECTORY)


def make_unversioned(path: Path) -> None:
    """Make `path` a directory whose files `git add` leaves out: they hold credentials."""
    if not (path / IGNORED).exists():
        write(path / IGNORED, EVERYTHING, is_flushed=False)


def is_unversioned(path: Path) -> bool:
    """Whether the ``.gitignore`` of the directory `path` is that of `make_unversioned`, not a user's."""
    file = path / IGNORED
    return file.is_file() and file.stat().st_size == len(EVERYTHING) and file.read_bytes() == EVERYTHING


def sync_directory(path: Path) -> None:
    """Make a rename in `path` durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def reading(path: Path, *, follows: bool = True) -> Iterator[BufferedReader]:
    """A regular file to read: a pipe would block, and a device might never end.

    Args:
        path: the file.
        follows: whether a symbolic link is followed.
    """
    with explaining(path, "cannot be read"):
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follows else os.O_NOFOLLOW)
        handle = os.open(path, flags)
        with os.fdopen(handle, "rb") as file:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                yield file
                return
    raise OutsideFailure.at(path, "no-file", "is not a regular file", "remove it, and name a file")


def read(path: Path, *, limit: int | None = None) -> bytes | None:
    """The bytes of `path`, or None where there is no such file; a symbolic link is not followed.

    Args:
        path: the file.
        limit: the most bytes of it; a larger one is an error and not read.
    """
    try:
        with reading(path, follows=False) as file:
            size = os.fstat(file.fileno()).st_size
            if limit is None or size <= limit:
                return file.read() if limit is None else file.read(limit)
    except OutsideFailure as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
    problem = f"has {size:,} bytes, and {limit:,} are allowed"
    raise OutsideFailure.at(path, "too-large", problem, "this is not a file of edgefleet; remove it")


def check_no_link(root: Path, path: Path) -> None:
    """Refuse a symbolic link among the folders from `root` (not itself) down to `path`.

    Anyone who may write in `root` would choose by a link which files of this user are replaced.
    """
    for folder in [path, *path.parents][: len(path.relative_to(root).parts)]:
        if folder.is_symlink():
            problem = "a symbolic link is where a directory is needed"
            hint = "remove the link, or mount the other file system there; no link is followed"
            raise OutsideFailure.at(folder, "symlink", problem, hint)


def remove(path: Path) -> None:
    """Remove the file `path`; gone already is success."""
    with explaining(path, "cannot be removed"), suppress(FileNotFoundError):
        path.unlink()
