"""State in a directory, in the layout of the CLI's own DIY backend.

``.pulumi/meta.yaml``, ``stacks/<project>/<stack>.json`` and its ``.bak``, ``locks/``, ``history/`` and
``backups/`` (CLI 3.260, ``pkg/backend/diy``). Only this engine has ``journals/``: changes that are not in the
checkpoint yet. Each file is written to a temporary one there, flushed to the disk and renamed, so that a full
disk leaves the old one unchanged, and the CLI never reads a partial lock.
"""

import getpass
import json
import os
import re
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from pulumi_embedded.checkpoint import now
from pulumi_embedded.disk import Disk, disk_failure
from pulumi_embedded.errors import EngineError, OutsideFailure, Problem, Refused
from pulumi_embedded.project import CLI_HINT, check_name

ENGINE: Final = "pulumi-embedded"
"""Name of this engine in locks and in a stack's history."""
_HELD: set[str] = set()
"""Names of the locks that runs of this very process hold."""
_META = "version: 1\n"
_MINUTE = 60
_HOUR = 3600
_MOST_PROCESSES: Final = 2**31
_DAY = 86400
_SCRATCH = re.compile(r"[0-9a-f]{32}\.tmp")
_LOCKING = re.compile(r"\.lock\.(?P<host>[0-9a-f]{8})\.(?P<pid>\d+)\.[0-9a-f]{32}\.tmp")
_ABANDONED = _HOUR
"""Age in seconds from which the leftovers of another machine's attempt to lock may be removed."""
_START_FIELD = 19
"""Index of a process's start time, after its name, in the fields of ``/proc/<pid>/stat``."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file that someone holds or left."""

    path: Path
    pid: int
    user: str
    host: str
    since: datetime
    by: str = ""
    """The engine that wrote it; empty for the CLI."""
    started: str = ""
    """When its process started: process ids are reused."""

    @property
    def is_dead(self) -> bool:
        """Return whether its process has certainly ended; known only on its own machine."""
        if self.host != socket.gethostname() or not self.pid:
            return False
        if self.pid == os.getpid():
            return self.path.stem not in _HELD
        if self.started and self.started != _start_time(self.pid):
            return True
        return _is_gone(self.pid)

    @property
    def is_of_dead_run(self) -> bool:
        """Return whether an embedded run left it and died: its journal is complete."""
        return self.by == ENGINE and self.is_dead

    def age(self, clock: datetime) -> str:
        """Return its age in words."""
        seconds = int((clock - self.since).total_seconds())
        for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
            if seconds >= unit:
                count = seconds // unit
                return f"{count} {name}{'s' if count > 1 else ''}"
        return f"{max(seconds, 0)} second{'' if seconds == 1 else 's'}"


def _is_gone(pid: int) -> bool:
    """Return whether this machine certainly has no such process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _host_digest() -> str:
    """Return the digest of this machine's name for names of files."""
    return sha256(socket.gethostname().encode()).hexdigest()[:8]


def _start_time(pid: int) -> str:
    """Return the start time of a process, or an empty string if it is unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[_START_FIELD]
    except (OSError, IndexError):
        return ""
    return f"{boot}/{ticks}"


class Backend:
    """The files of one stack, below the folder of the state whatever its names are."""

    def __init__(self, state: Path, project: str, stack: str, disk: Disk | None = None) -> None:
        check_name(project, "project")
        check_name(stack, "stack")
        self.disk = disk or Disk()
        self._state = state
        self._project = project
        self._stack = stack
        self._lock: Path | None = None

    @property
    def qualified(self) -> str:
        """The stack's full name in checkpoints."""
        return f"organization/{self._project}/{self._stack}"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint's path."""
        return self._state / "stacks" / self._project / f"{self._stack}.json"

    @property
    def journal(self) -> Path:
        """The journal's path."""
        return self._state / "journals" / self._project / f"{self._stack}.jsonl"

    def check_layout(self) -> None:
        """Refuse all layouts but the CLI's current one.

        Raises:
            Refused: the directory is of another layout, or its checkpoint is compressed.
        """
        meta = self._state / "meta.yaml"
        if meta.exists() and meta.read_text().strip() != _META.strip():
            raise Refused(
                Problem(
                    where=str(meta), problem="is of another version than 1", hint=CLI_HINT, code="unsupported"
                )
            )
        for ending in (".gz", ".zst"):
            packed = self.checkpoint.with_name(self.checkpoint.name + ending)
            if packed.exists():
                raise Refused(
                    Problem(
                        where=str(packed),
                        problem="the checkpoint is compressed",
                        hint=CLI_HINT,
                        code="unsupported",
                    )
                )

    def load(self) -> bytes | None:
        """Return the checkpoint, or None if the stack does not exist yet."""
        self.check_layout()
        try:
            return self.checkpoint.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise disk_failure(self.checkpoint, "cannot be read", error) from error

    def read(self) -> tuple[bytes | None, bytes | None]:
        """Return a consistent pair of checkpoint and journal; None for a missing one.

        Another run may be writing them: they are read until the checkpoint is the same before and after.
        """
        while True:
            content = self.load()
            try:
                journal = self.journal.read_bytes()
            except FileNotFoundError:
                journal = None
            except OSError as error:
                raise disk_failure(self.journal, "cannot be read", error) from error
            if self.load() == content:
                return content, journal

    def save(self, content: bytes, *, keeps_last: bool = True) -> None:
        """Write the checkpoint.

        Args:
            content: All of it.
            keeps_last: Whether the previous one is kept as ``.bak``.

        Raises:
            OutsideFailure: it could not be written; the old one is unchanged.
        """
        meta = self._state / "meta.yaml"
        if not meta.exists():
            self.write(meta, _META.encode())
        path = self.checkpoint
        if keeps_last and path.exists():
            self.write(path.with_name(path.name + ".bak"), path.read_bytes())
        self.write(path, content)

    def record(self, update: Mapping[str, Any]) -> None:
        """Add an update to the stack's history and back up its checkpoint, as the CLI does.

        Raises:
            OutsideFailure: it could not be written.
        """
        stamp = time.time_ns()
        content = self.load() or b""
        history = self._state / "history" / self._project / self._stack
        text = json.dumps(update, separators=(",", ":"), ensure_ascii=False)
        self.write(history / f"{self._stack}-{stamp}.history.json", text.encode())
        self.write(history / f"{self._stack}-{stamp}.checkpoint.json", content)
        backups = self._state / "backups" / self._project / self._stack
        self.write(backups / f"{self._stack}.{stamp}.json", content)

    def write(self, path: Path, content: bytes) -> None:
        """Write one of the stack's files completely, or leave it unchanged.

        Raises:
            OutsideFailure: it could not be written.
        """
        self.disk.write_whole(path, content, self.journal.with_name(f"{self._stack}.{uuid4().hex}.tmp"))

    def remove_leftovers(self) -> None:
        """Remove partly written files of a dead run; only the lock's holder calls this."""
        for path in self.journal.parent.glob("*.tmp"):
            if _SCRATCH.fullmatch(path.name.removeprefix(f"{self._stack}.")) or _is_abandoned(path):
                self.remove(path)

    def remove(self, path: Path) -> None:
        """Remove one of the stack's files, if it exists.

        Raises:
            OutsideFailure: it could not be removed.
        """
        try:
            self.disk.remove(path)
        except OSError as error:
            raise disk_failure(path, "cannot be removed", error) from error

    # locks

    def locks(self) -> list[Lock]:
        """Return the locks on this stack, but for our own."""
        folder = self._lock_folder
        return [_read_lock(path) for path in sorted(folder.glob("*.json")) if path != self._lock]

    def lock(self) -> None:
        """Take the stack's lock in the CLI's way: look, write, look again.

        The lock of a dead embedded run is taken over: its journal is complete.

        Raises:
            Refused: another run holds or left it; with its user, its age, and how to clear it.
        """
        abandoned = [lock for lock in self.locks() if lock.is_of_dead_run]
        self._refuse_locked(abandoned)
        path = self._lock_folder / f"{uuid4()}.json"
        content = {
            "pid": os.getpid(),
            "username": getpass.getuser(),
            "hostname": socket.gethostname(),
            "timestamp": now(),
            "by": ENGINE,
            "started": _start_time(os.getpid()),
        }
        self._lock = path
        _HELD.add(path.stem)
        scratch = self.journal.with_name(f".lock.{_host_digest()}.{os.getpid()}.{uuid4().hex}.tmp")
        try:
            self.disk.write_whole(path, json.dumps(content).encode(), scratch)
            self._refuse_locked(abandoned)
            # The new lock exists before the old ones are removed, so that a journal never lacks a lock.
            for lock in abandoned:
                self.remove(lock.path)
            self.remove_leftovers()
        except EngineError:
            with suppress(OutsideFailure):  # on a full disk this can fail too; the cause is raised
                self.unlock()
            self.abandon()
            raise

    def unlock(self) -> None:
        """Release the lock."""
        if self._lock is not None:
            self.remove(self._lock)
            self.abandon()

    def abandon(self) -> None:
        """Leave the lock behind with its journal: the next run takes both over."""
        if self._lock is not None:
            _HELD.discard(self._lock.stem)
            self._lock = None

    @property
    def lock_id(self) -> str:
        """The name of the lock we hold, or an empty string."""
        return self._lock.stem if self._lock else ""

    @property
    def _lock_folder(self) -> Path:
        return self._state / "locks" / self.qualified

    def _refuse_locked(self, left: Sequence[Lock]) -> None:
        clock = datetime.now(UTC)
        spared = {lock.path for lock in left}
        problems = [_locked(lock, clock) for lock in self.locks() if lock.path not in spared]
        if problems:
            raise Refused(problems)


def _is_abandoned(path: Path) -> bool:
    """Return whether a file is left over from a dead process that tried to lock."""
    match = _LOCKING.fullmatch(path.name)
    if match is None:
        return False
    if match["host"] == _host_digest():
        return _is_gone(int(match["pid"]))
    try:
        return path.stat().st_mtime + _ABANDONED < time.time()
    except FileNotFoundError:
        return False


def _locked(lock: Lock, clock: datetime) -> Problem:
    who = f"{lock.user}@{lock.host} (pid {lock.pid})"
    if lock.is_dead:
        problem = f"the stack is locked by a process that no longer runs: {who}, {lock.age(clock)} ago"
        hint = f"if nothing else works on this stack, remove the file (or run `pulumi cancel`): {lock.path}"
    else:
        who = who if lock.pid else "an unknown user (the lock cannot be read)"
        problem = f"the stack is locked by {who}, for {lock.age(clock)}"
        hint = f"wait for it to end; if it is gone, remove {lock.path} or run `pulumi cancel`"
    return Problem(where=str(lock.path), problem=problem, hint=hint, code="locked")


def _read_lock(path: Path) -> Lock:
    try:
        content = json.loads(path.read_text())
        since = datetime.fromisoformat(_micros(content["timestamp"]))
        since = since if since.tzinfo else since.replace(tzinfo=UTC)
        pid = range(_MOST_PROCESSES).index(int(content["pid"]))  # a ValueError beyond
        who = (pid, str(content["username"]), str(content["hostname"]))
        return Lock(path, *who, since, str(content.get("by", "")), str(content.get("started", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        changed = datetime.fromtimestamp(path.stat().st_mtime if path.exists() else 0, UTC)
        return Lock(path, 0, "unknown", "unknown", changed)


def _micros(stamp: str) -> str:
    """Cut Go's nanoseconds to Python's microseconds."""
    head, dot, tail = stamp.partition(".")
    if not dot:
        return stamp
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}"


def digest(content: bytes | None) -> str:
    """Return the digest by which a journal names a checkpoint."""
    return sha256(content).hexdigest() if content is not None else "none"
