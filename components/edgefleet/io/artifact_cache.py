"""The cache of downloads, by digest: safe for several processes, and never holding an incomplete file.

``sha256/<hex>`` are verified files. Their modification time is set to 1970, so a file that was written to is
noticed and verified again. ``parts/`` are downloads that can be resumed, ``quarantine/`` holds files with
another digest, ``locks/`` prevent two downloads of the same file.
"""

import errno
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.io import archives, disk, downloading
from edgefleet.io.answers import page, shown
from edgefleet.io.downloading import Download, Progress, silent
from edgefleet.io.logins import Logins
from edgefleet.io.payload_listing import SUMS
from edgefleet.io.registry import Registry, is_registry, place_of
from edgefleet.io.web import Web
from edgefleet.model.medium import PayloadFile
from edgefleet.model.syntax import few

T = TypeVar("T")
_NO_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS})
_FIRST_LOOK, _LONGEST_LOOK = 0.05, 1.0
"""Seconds between two checks whether another process has downloaded a file."""
_ABANDONED = 24 * 3600.0
"""Age in seconds from which an unfinished file counts as left by a killed process."""


class ArtifactCache:
    """A cache; any number of threads and processes may use one folder.

    A method raises InvalidInput for what is no address or digest, and OutsideFailure where a file is missing,
    incomplete or another one, or the disk is full. No incomplete file has the file's name.

    Args:
        root: its folder; made at the first download.
        web: the HTTP client; by default with this process's logins.
        project: folder that relative paths of ``file:`` start from.
    """

    def __init__(self, root: Path, *, web: Web | None = None, project: Path | None = None) -> None:
        self.root = root
        self.web = web or Web(Logins(os.environ))
        self.project = project or Path.cwd()
        self._registries: dict[str, Registry] = {}

    def registry(self, place: tuple[str, str]) -> tuple[Registry, str]:
        """(registry with its tokens, repository) of (address of a registry, path)."""
        base, path = place
        return self._registries.setdefault(base, Registry(base, self.web)), path

    def path(self, digest: str) -> Path | None:
        """The file with `digest` (hex, or ``sha256:<hex>``); `None` where it is not here."""
        path = self._place(digest)
        try:
            seen = path.stat()
        except FileNotFoundError:
            return None
        if seen.st_mtime_ns == 0:
            return path
        return path if self._is_as_it_was(path) else None

    def fetch(
        self, source: str, sha256: str, *, size: int | None = None, progress: Progress = silent
    ) -> Path:
        """The file with the digest `sha256`, downloaded from `source` unless it is in the cache.

        Args:
            source: ``https://...``, ``http://...``, ``file:<path>``, or ``oci://<registry>/<repository>`` for
                a blob of a registry (``oci+http://`` where it has no TLS).
            sha256: hex, or ``sha256:<hex>``.
            size: bytes, where known; detects an incomplete file before its digest does.
            progress: receives the number of bytes.
        """
        place = self._place(sha256)
        fetch = partial(self._fetch, source, place, size, progress)
        return self._alone(place.name, find=lambda: self.path(sha256), work=fetch)

    def _alone(self, lock: str, *, find: Callable[[], T | None], work: Callable[[], T]) -> T:
        """The result of `find`, else of `work` under the lock; waits while another process holds it."""
        pause = _FIRST_LOOK
        while (found := find()) is None:
            try:
                with disk.locked(self.root / "locks" / lock, who="a download"):
                    return find() or work()
            except OutsideFailure as error:
                if error.problem.code != "busy":
                    raise
            self.web.clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_LOOK)
        return found

    def scratch(self) -> Path:
        """A unique name for a file that is being made."""
        with disk.explaining(self.root, "cannot be written"):
            disk.make_directory(self.root / "parts")
            for file in self.root.glob("parts/*made-*"):
                if time.time() - file.stat().st_mtime > _ABANDONED:
                    file.unlink(missing_ok=True)
        return self.root / "parts" / f"made-{os.getpid()}-{threading.get_ident()}"

    def adopt(self, path: Path) -> tuple[str, int]:
        """Keep a file that was made here; its hex SHA-256 and bytes. It is moved."""
        digest, size = disk.sha256(path), path.stat().st_size
        self._keep(path, self._place(digest))
        return digest, size

    def learn(self, source: str, *, progress: Progress = silent) -> tuple[str, int]:
        """Download a file whose digest is unknown; its hex SHA-256 and bytes."""
        name = "new-" + hashlib.sha256(source.encode()).hexdigest()
        part = self.root / "parts" / name
        return self._alone(name, find=lambda: None, work=partial(self._learned, part, source, progress))

    def _learned(self, part: Path, source: str, progress: Progress) -> tuple[str, int]:
        self._download(source, part, None, progress)
        if downloading.is_page(part):
            downloading.forget(part)
            raise page(source)
        learned = self.adopt(part)
        downloading.forget(part)
        return learned

    def damaged(self) -> list[str]:
        """Digests of modified files; each is moved to the quarantine."""
        folder = self.root / "sha256"
        names = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
        return [name for name in names if not name.startswith(".") and not self._is_as_it_was(folder / name)]

    def _place(self, digest: str) -> Path:
        hexadecimal = digest.removeprefix("sha256:")
        if len(hexadecimal) != hashlib.sha256().digest_size * 2 or not hexadecimal.isalnum():
            raise InvalidInput.at(
                "", "bad-digest", f"{digest!r} is not a SHA-256 digest", "write 64 hexadecimal digits"
            )
        return self.root / "sha256" / hexadecimal

    def _fetch(self, source: str, place: Path, size: int | None, progress: Progress) -> Path:
        part = self.root / "parts" / place.name
        was_there = self._download(source, part, size, progress)
        if was_there and disk.sha256(part) != place.name:  # parts of two files, perhaps
            downloading.forget(part)
            self._download(source, part, size, progress)
        try:
            self._settle(part, place, source)
        finally:
            downloading.forget(part)
        return place

    def _download(self, source: str, part: Path, size: int | None, progress: Progress) -> bool:
        """Download or copy a file to `part`; whether a part of a download was there before."""
        if source.startswith("file:"):
            downloading.check_room(self.web, part, self.file(source).stat().st_size)
            disk.copy(self.file(source), part)
            return False
        address = source
        headers: Callable[[], Mapping[str, str]] = dict
        if is_registry(source):
            registry, repository = self.registry(place_of(source))
            address = registry.blob(repository, part.name)
            headers = lambda: registry.headers(repository)  # noqa: E731 - a token may end meanwhile
        wanted = Download(
            address=address,
            part=part,
            size=size,
            headers=headers,
            has_netrc=not is_registry(source),
            progress=progress,
        )
        return downloading.download(self.web, wanted)

    def file(self, source: str) -> Path:
        """The file of this machine that a ``file:`` source names, relative to the project."""
        path = self.project / source.removeprefix("file:").removeprefix("//")
        if not path.is_file():
            problem, hint = "there is no such file", "put the file there, or name another place"
            raise OutsideFailure.at(path, "not-found", problem, hint)
        return path

    def _settle(self, part: Path, place: Path, source: str) -> None:
        """Move the complete file to its place, if its digest matches."""
        digest = disk.sha256(part)
        if digest != place.name and source.startswith("file:"):
            raise _another_file(self.file(source), digest, place.name)
        if digest != place.name:
            is_page = downloading.is_page(part)
            quarantined = self._quarantine(part, place.name)
            raise page(shown(source)) if is_page else _another(shown(source), digest, place, quarantined)
        self._keep(part, place)

    def _keep(self, path: Path, place: Path) -> None:
        with disk.explaining(place, "cannot be written"):
            disk.make_directory(place.parent)
            with path.open("rb") as file:
                os.fsync(file.fileno())
            os.utime(path, ns=(0, 0))
            path.replace(place)
            disk.sync_directory(place.parent)

    def _quarantine(self, path: Path, name: str) -> Path:
        quarantined = self.root / "quarantine" / name
        with disk.explaining(quarantined, "cannot be written"):
            disk.make_directory(quarantined.parent)
            path.replace(quarantined)
        return quarantined

    def _is_as_it_was(self, path: Path) -> bool:
        """Verify a file against its digest; one that differs goes to the quarantine."""
        try:
            is_right = disk.sha256(path) == path.name
            if is_right:
                os.utime(path, ns=(0, 0))
        except FileNotFoundError:
            return False
        if not is_right:
            self._quarantine(path, path.name)
        return is_right


def _another_file(file: Path, digest: str, expected: str) -> OutsideFailure:
    problem = f"has sha256 {digest}, and {expected} is expected"
    hint = "put the right file there; if it was changed on purpose, write its digest where the file is named"
    return OutsideFailure.at(file, "digest-mismatch", problem, hint)


def _another(source: str, digest: str, place: Path, quarantined: Path) -> OutsideFailure:
    problem = f"has sha256 {digest}, wanted {place.name}: not used, kept as {quarantined}"
    return OutsideFailure.at(source, "digest-mismatch", problem, downloading.RELEASED_AGAIN)


LARGEST_PROGRAM = 2 * 1024**3
"""Bytes of an archive of a program, unpacked, where the lock states nothing."""


def unpack(cache: ArtifactCache, archive: Path, member: str, *, where: str) -> tuple[str, int]:
    """Keep the file `member` of a tar; its hex SHA-256 and bytes.

    Args:
        cache: where it is kept.
        archive: the tar, compressed or not.
        member: its path in there, with or without ``./``.
        where: name of the archive in messages.

    Raises:
        OutsideFailure: there is no such file in it, it is no tar or too large, or the disk is full.
    """
    unpacked = cache.scratch()
    try:
        with disk.writing(unpacked) as file:
            for number, piece in enumerate(archives.member(archive, member, limit=LARGEST_PROGRAM)):
                if number % 64 == 0:  # pieces of 1 MiB
                    downloading.check_room(cache.web, unpacked, downloading.STEP)
                file.write(piece)
    except ValueError as error:
        hint = "check the version; this program may be released in another form now"
        raise OutsideFailure.at(where, "bad-archive", str(error), hint) from error
    return cache.adopt(unpacked)


def lay_out(cache: ArtifactCache, files: Iterable[PayloadFile], folder: Path) -> None:
    """Put `files` into `folder`, which is made: ``bin/``, ``images/``, ``SHA256SUMS``.

    They are hard links into the cache where the file system allows it, else copies.

    Raises:
        OutsideFailure: some are not in the cache, all of them named; or the disk is full.
    """
    sources = {file.path: cache.path(file.digest) for file in files}
    missing = sorted(path for path, source in sources.items() if source is None)
    if missing:
        raise _missing(missing)
    sums = {}
    for path, source in sorted(sources.items()):
        if source is not None:
            _put(source, folder / path)
            sums[path] = source.name
    disk.jot(folder / SUMS, "".join(f"{sums[path]}  {path}\n" for path in sums).encode())


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


def _missing(paths: list[str]) -> OutsideFailure:
    hint = "run edgefleet artifacts fetch -s STACK"
    return OutsideFailure.at("", "not-fetched", f"not in the cache of artifacts: {few(paths)}", hint)
