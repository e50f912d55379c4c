"""State in a directory, in the layout of the CLI's own DIY backend.

``.pulumi/meta.yaml``, ``stacks/<project>/<stack>.json`` and its ``.bak``, ``locks/``, ``history/`` and
``backups/`` (CLI 3.260, ``pkg/backend/diy``). ``journals/`` is ours: what is not folded into the
checkpoint yet. Each file is written whole to a temporary one, flushed to the disk and renamed, so that a
full disk leaves the old one as it was.
"""

import getpass
import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from edgefleet.errors import OutsideFailure, Problem, Refused
from edgefleet.local.checkpoint import now
from edgefleet.local.project import CLI_HINT

_HELD: set[str] = set()
"""Names of the locks that runs of this very process hold."""
_META = "version: 1\n"
_MINUTE = 60
_HOUR = 3600
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file that someone holds or left."""

    path: Path
    pid: int
    user: str
    host: str
    since: datetime

    @property
    def is_dead(self) -> bool:
        """Say whether its process surely is no more: only known on its own machine."""
        if self.host != socket.gethostname():
            return False
        if self.pid == os.getpid():
            return self.path.stem not in _HELD
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False

    def age(self, clock: datetime) -> str:
        """Return its age in words."""
        seconds = int((clock - self.since).total_seconds())
        for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
            if seconds >= unit:
                count = seconds // unit
                return f"{count} {name}{'s' if count > 1 else ''}"
        return f"{max(seconds, 0)} seconds"


class Backend:
    """The files of one stack."""

    def __init__(self, state: Path, project: str, stack: str) -> None:
        self._state = state
        self._project = project
        self._stack = stack
        self._lock: Path | None = None

    @property
    def qualified(self) -> str:
        """The stack's whole name, as checkpoints have it."""
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
        """Refuse layouts that are not the CLI's present one.

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
        """Return the checkpoint, or None where the stack does not exist yet."""
        self.check_layout()
        try:
            return self.checkpoint.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed(self.checkpoint, "cannot be read", error) from error

    def save(self, content: bytes) -> None:
        """Write the checkpoint, keeping the one before as ``.bak``.

        Raises:
            OutsideFailure: it could not be written; the old one is as it was.
        """
        meta = self._state / "meta.yaml"
        if not meta.exists():
            write_file(meta, _META.encode())
        path = self.checkpoint
        if path.exists():
            write_file(path.with_name(path.name + ".bak"), path.read_bytes())
        write_file(path, content)

    def record(self, update: Mapping[str, Any]) -> None:
        """Add to the stack's history, and back its checkpoint up, as the CLI does after each update."""
        stamp = time.time_ns()
        content = self.checkpoint.read_bytes()
        history = self._state / "history" / self._project / self._stack
        text = json.dumps(update, separators=(",", ":"), ensure_ascii=False)
        write_file(history / f"{self._stack}-{stamp}.history.json", text.encode())
        write_file(history / f"{self._stack}-{stamp}.checkpoint.json", content)
        backups = self._state / "backups" / self._project / self._stack
        write_file(backups / f"{self._stack}.{stamp}.json", content)

    # locks

    def locks(self) -> list[Lock]:
        """Return the locks on this stack, but for our own."""
        folder = self._lock_folder
        return [_read_lock(path) for path in sorted(folder.glob("*.json")) if path != self._lock]

    def lock(self) -> None:
        """Take the stack's lock in the CLI's way: look, write, look again.

        A lock that a dead process of ours left together with its journal is taken over: the journal says all.

        Raises:
            Refused: someone else holds it, or left it; says which, since when, and how to clear it.
        """
        if self.journal.exists():
            for lock in self.locks():
                if lock.is_dead and lock.path.stem == self._journal_owner():
                    lock.path.unlink(missing_ok=True)
        self._refuse_locked()
        path = self._lock_folder / f"{uuid4()}.json"
        content = {
            "pid": os.getpid(),
            "username": getpass.getuser(),
            "hostname": socket.gethostname(),
            "timestamp": now(),
        }
        write_file(path, json.dumps(content).encode())
        self._lock = path
        _HELD.add(path.stem)
        try:
            self._refuse_locked()
        except Refused:
            self.unlock()
            raise

    def unlock(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.unlink(missing_ok=True)
            self.abandon()

    def abandon(self) -> None:
        """Leave the lock behind, with the journal it goes with: the next run takes both over."""
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

    def _journal_owner(self) -> str:
        with suppress(OSError, ValueError), self.journal.open("rb") as file:
            return str(json.loads(file.readline()).get("lock", ""))
        return ""

    def _refuse_locked(self) -> None:
        clock = datetime.now(UTC)
        problems = [_locked(lock, clock) for lock in self.locks()]
        if problems:
            raise Refused(problems)


def _locked(lock: Lock, clock: datetime) -> Problem:
    who = f"{lock.user}@{lock.host} (pid {lock.pid})"
    if lock.is_dead:
        problem = f"the stack is locked by a process that is no more: {who}, {lock.age(clock)} ago"
        hint = f"if nothing else works on this stack, remove the file (or run `pulumi cancel`): {lock.path}"
    else:
        problem = f"the stack is locked by {who} since {lock.age(clock)}"
        hint = f"wait for it to end; if it is gone, remove {lock.path} or run `pulumi cancel`"
    return Problem(where=str(lock.path), problem=problem, hint=hint, code="locked")


def _read_lock(path: Path) -> Lock:
    try:
        content = json.loads(path.read_text())
        since = datetime.fromisoformat(_micros(content["timestamp"]))
        return Lock(path, int(content["pid"]), content["username"], content["hostname"], since)
    except (OSError, ValueError, KeyError, TypeError):
        changed = datetime.fromtimestamp(path.stat().st_mtime if path.exists() else 0, UTC)
        return Lock(path, 0, "unknown", "unknown", changed)


def _micros(stamp: str) -> str:
    """Cut Go's nanoseconds to what Python reads."""
    head, dot, tail = stamp.partition(".")
    if not dot:
        return stamp
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}"


def write_file(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, or not at all, and on the disk.

    Raises:
        OutsideFailure: it could not be written; what was there before still is.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _failed(path, "cannot be written", error) from error


def sync_folder(folder: Path) -> None:
    """Make a folder's new names durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(path: Path, what: str, error: OSError) -> OutsideFailure:
    return OutsideFailure(
        Problem(
            where=str(path),
            problem=f"{what}: {error.strerror}",
            hint="make room or mend the permissions, then run again; the state is as it was",
            code="state-io",
        )
    )
