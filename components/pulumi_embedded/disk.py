"""The engine's file operations, one method for each that can fail or be the last one of a process.

It is passed in, so that a test can stop the process or fill the disk before, during and after each of them.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from pulumi_embedded.errors import OutsideFailure, Problem


class Disk:
    """The real disk."""

    def create(self, path: Path) -> BinaryIO:
        """Create a file (0600) that must not exist yet, and its folders (0700), as the CLI does."""
        _make_private(path.parent)
        return open(path, "xb", buffering=0, opener=_private)

    def append(self, path: Path, length: int) -> BinaryIO:
        """Open a file to append after its first `length` bytes; the rest is cut off."""
        file = path.open("r+b", buffering=0)
        file.truncate(length)
        file.seek(length)
        return file

    def write(self, file: BinaryIO, content: bytes) -> None:
        """Write all content: a nearly full disk writes a part without an error."""
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]

    def sync(self, file: BinaryIO) -> None:
        """Return when a file's content is on the disk."""
        os.fsync(file.fileno())

    def sync_folder(self, folder: Path) -> None:
        """Return when a folder's names are on the disk."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, old: Path, new: Path) -> None:
        """Replace a file by another atomically."""
        old.replace(new)

    def remove(self, path: Path) -> None:
        """Remove a file, if it exists."""
        path.unlink(missing_ok=True)

    def write_whole(self, path: Path, content: bytes, scratch: Path | None = None) -> None:
        """Write a file atomically and flush it to the disk.

        Args:
            path: The file.
            content: All of it.
            scratch: Its temporary file, on the same disk.

        Raises:
            OutsideFailure: it could not be written; the old file is unchanged.
        """
        temporary = scratch or path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            _make_private(path.parent)
            with self.create(temporary) as file:
                self.write(file, content)
                self.sync(file)
            self.rename(temporary, path)
            self.sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise disk_failure(path, "cannot be written", error) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _make_private(folder: Path) -> None:
    """Create a folder and those around it for this user alone: ``mkdir`` gives the outer ones other modes."""
    if not folder.is_dir():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def disk_failure(path: Path, problem: str, error: OSError) -> OutsideFailure:
    """Return the error of an operation on a file."""
    return OutsideFailure(
        Problem(
            where=str(path),
            problem=f"{problem}: {error.strerror}",
            hint="free space or fix the permissions, then run again; finished steps are kept",
            code="state-io",
        )
    )
