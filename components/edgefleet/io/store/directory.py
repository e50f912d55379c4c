"""`DirectoryStore`: artifacts in a directory of this machine, 0700 with files 0600."""

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from edgefleet.errors import OutsideFailure
from edgefleet.io import disk
from edgefleet.io.store.artifact import LARGEST, Stored, check_key, check_prefix

TRIES = 5
"""Attempts of a write whose directory another process removes."""


class DirectoryStore:
    """Artifacts as files below `root`; symbolic links below it, or below `project`, are never followed."""

    def __init__(self, root: Path, *, uri: str = "", project: Path | None = None) -> None:
        self._root, self._top = root, project or root
        self._uri = uri or f"file:{root}"

    def put(self, key: str, data: bytes) -> Stored:
        """Store `data`, whole or not at all."""
        path = self._path(key)
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                disk.make_unversioned(self._root)
                disk.write(path, data)
                break
            except OutsideFailure as error:
                if last or not isinstance(error.__cause__, FileNotFoundError):
                    raise
        digest = hashlib.sha256(data).hexdigest()
        return Stored(size=len(data), modified=datetime.now(UTC), sha256=digest)

    def put_file(self, key: str, path: Path, *, sha256: str) -> Stored:
        """Store a copy of the file, whole or not at all.

        Raises:
            OutsideFailure: it is not `sha256` any more.
        """
        place = self._path(key)
        disk.make_unversioned(self._root)
        copied = disk.copy(path, place)
        if copied.sha256 != sha256:
            self.delete(key)
            problem = f"the file is sha256:{copied.sha256} now, not sha256:{sha256}"
            hint = "build it again; nothing was stored"
            raise OutsideFailure.at(path, "changed", problem, hint)
        return Stored(size=copied.size, modified=datetime.now(UTC), sha256=copied.sha256)

    def get(self, key: str, *, limit: int = LARGEST) -> bytes | None:
        """The bytes, or None."""
        return disk.read(self._path(key), limit=limit)

    def stat(self, key: str) -> Stored | None:
        """Size, time and digest of the present content; the bytes are read, a piece at a time."""
        try:
            with disk.reading(self._path(key), follows=False) as file:
                digest, state = hashlib.file_digest(file, "sha256"), os.fstat(file.fileno())
        except OutsideFailure as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        modified = datetime.fromtimestamp(state.st_mtime, UTC)
        return Stored(size=state.st_size, modified=modified, sha256=digest.hexdigest())

    def list(self, prefix: str) -> dict[str, Stored]:
        """The files below `prefix`; digests are not computed."""
        check_prefix(prefix)
        start = self._path(prefix.removesuffix("/")) if prefix else self._root
        with disk.explaining(start, "cannot be listed"):
            return dict(sorted(self._files(start)))

    def _files(self, start: Path) -> Iterator[tuple[str, Stored]]:
        for folder, folders, names in os.walk(start, followlinks=False):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = Path(folder, name)
                if name.startswith(".") or path.is_symlink():
                    continue
                with suppress(FileNotFoundError):
                    yield path.relative_to(self._root).as_posix(), _listed(path)

    def delete(self, key: str) -> None:
        """Remove the file, the remains of its interrupted writes, and directories that become empty."""
        path = self._path(key)
        disk.remove(path)
        with disk.explaining(path, "cannot be removed"):
            for left in disk.interrupted(path):
                left.unlink(missing_ok=True)
            self._remove_empty(path.parent)

    def clear(self, prefix: str, *, keep: Collection[str] = ()) -> None:
        """Remove each file below `prefix`, as `delete` does, and the remains of interrupted writes."""
        folder = self._root / check_prefix(prefix)
        for key in self.list(prefix):
            if key not in keep:
                self.delete(key)
        with disk.explaining(folder, "cannot be removed"):
            if not keep and folder.is_dir():
                for left in [*folder.rglob(f".*{disk.SUFFIX}")]:
                    left.unlink(missing_ok=True)
                    self._remove_empty(left.parent)
                self._remove_empty(folder)

    def swap(self, key: str, data: bytes, *, was: bytes | None) -> bool:
        """Compare and write while no other process of this machine does the same."""
        path = self._path(key)
        with disk.locked(path.parent, who="a write", is_patient=True):
            if disk.read(path) != was:
                return False
            disk.write(path, data)
            return True

    def uri(self, key: str) -> str:
        """The store's URI with the key."""
        return f"{self._uri}/{check_key(key)}"

    def _remove_empty(self, folder: Path) -> None:
        """Remove `folder` and those above it, as far as they are empty."""
        for empty in (folder, *folder.parents):
            if not _remove_empty(empty) or empty == self._root:
                break

    def _path(self, key: str) -> Path:
        """The file of `key`; refused where a symbolic link leads there."""
        path = self._root / check_key(key)
        disk.check_no_link(self._top, path.parent)
        return path


def _remove_empty(folder: Path) -> bool:
    """Remove `folder` if nothing but its own files is in it; whether it is gone."""
    with suppress(FileNotFoundError):
        own = {disk.LOCK, *([disk.IGNORED] if disk.is_unversioned(folder) else [])}
        if {each.name for each in folder.iterdir()} - own:
            return False
        for name in own:
            (folder / name).unlink(missing_ok=True)
        try:
            folder.rmdir()
        except OSError:  # another process just wrote there
            return False
    return True


def _listed(path: Path) -> Stored:
    state = path.stat(follow_symlinks=False)
    return Stored(
        size=state.st_size,
        modified=datetime.fromtimestamp(state.st_mtime, UTC),
        sha256=None,
        tag=f"{state.st_ino}.{state.st_mtime_ns}",
    )
