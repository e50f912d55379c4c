"""The journal of a run: one line for each change, on the disk before the run continues.

The first line states whose it is and which checkpoint it goes with (``base``, a digest). Two records name
further checkpoints: ``opened`` is the base with the run's first operation marked as under way, written
before anything is touched, so that a user who breaks the lock is warned; ``folded`` is the base with all of
the journal in it. By them a reader knows which records are not in the checkpoint yet, and that no other
program wrote the checkpoint in between.
"""

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pulumi_embedded.disk import Disk, disk_failure
from pulumi_embedded.errors import InvalidInput, OutsideFailure, Problem, Refused

VERSION = 1


class Journal:
    """An append-only file of JSON lines, flushed to the disk in groups."""

    def __init__(self, path: Path, header: dict[str, Any], disk: Disk | None = None) -> None:
        self._path = path
        self._disk = disk or Disk()
        self._condition = threading.Condition()
        self._lines: list[bytes] = []
        self._written = 0
        self._added = 0
        self._is_flushing = False
        self._failure: OSError | None = None
        try:
            self._file: BinaryIO = self._disk.create(path)
        except OSError as error:
            raise self._broken(error) from error
        try:
            self._add({"version": VERSION, **header})
            self.flush()
            self._disk.sync_folder(path.parent)
        except OutsideFailure:
            self._withdraw()
            raise
        except OSError as error:
            self._withdraw()
            raise self._broken(error) from error

    def add(self, record: dict[str, Any], *, durable: bool = True) -> None:
        """Append a record; return when it is on the disk, if that is requested.

        Raises:
            OutsideFailure: it could not be written.
        """
        self._add(record)
        if durable:
            self.flush()

    def flush(self) -> None:
        """Return when all records so far are on the disk; one thread flushes for all that wait."""
        with self._condition:
            target = self._added
            while self._written < target and self._failure is None:
                if self._is_flushing:
                    self._condition.wait()
                else:
                    self._flush_group()
            if self._failure is not None:
                raise self._broken(self._failure) from self._failure

    def close(self) -> None:
        """Close the file without removing it."""
        self._file.close()

    def _add(self, record: dict[str, Any]) -> None:
        line = _line(record)
        with self._condition:
            self._lines.append(line)
            self._added += 1

    def _flush_group(self) -> None:
        """Write the gathered records; the condition is held on entry and exit, not during the write."""
        lines, self._lines = self._lines, []
        self._is_flushing = True
        self._condition.release()
        failure: OSError | None = None
        try:
            self._disk.write(self._file, b"".join(lines))
            self._disk.sync(self._file)
        except OSError as error:
            failure = error
        finally:
            self._condition.acquire()
            self._is_flushing = False
            self._failure = failure
            self._written += len(lines)
            self._condition.notify_all()

    def _withdraw(self) -> None:
        """Remove a journal without records."""
        self.close()
        self._path.unlink(missing_ok=True)

    def _broken(self, error: OSError) -> OutsideFailure:
        return disk_failure(self._path, "the journal of this run cannot be written", error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The records of a journal."""

    path: Path
    header: dict[str, Any] = field(default_factory=dict)
    changes: tuple[dict[str, Any], ...] = ()
    length: int = 0
    """Bytes up to the end of the last whole record."""

    def pending_kept(self, digest: str) -> int | None:
        """Return how many pending operations of the checkpoint with this digest the journal does not repeat.

        Returns:
            None if that is all of them; -1 if the whole journal is in the checkpoint already.

        Raises:
            Refused: the journal goes with another checkpoint.
        """
        if not self.header or digest == self.header.get("base", digest):
            return None
        for record in self.changes:
            if digest == record.get("folded"):
                return -1
            if digest == record.get("opened"):
                return int(record["kept"])
        raise Refused(
            Problem(
                where=str(self.path),
                problem="the state was changed by another program after the run that left this journal",
                hint="put back the state that the journal goes with (the .bak beside it, or the newest in "
                ".pulumi/backups) and run again; or, if what that run did is recorded by other means "
                "(`pulumi refresh`, `pulumi import`), remove the journal",
                code="forked",
            )
        )


def read_journal(path: Path, content: bytes | None = None) -> Records:
    """Read a journal, without a cut-off last record: no run relied on it.

    Args:
        path: Its file.
        content: Its bytes, if they were read already.

    Raises:
        InvalidInput: a record before its end is damaged.
        Refused: it is of another version.
    """
    content = path.read_bytes() if content is None else content
    records: list[dict[str, Any]] = []
    length = 0
    lines = content.split(b"\n")
    # What follows the last line's end is cut off, or empty.
    for number, line in enumerate(lines[:-1], 1):
        record = _parsed(line)
        if record is None:
            if any(_parsed(later) is not None for later in lines[number:-1]):
                raise damaged_journal(path, number)
            break
        records.append(record)
        length += len(line) + 1
    if records and records[0].get("version") != VERSION:
        problem = f"the journal is of version {records[0].get('version')}, not of version {VERSION}"
        hint = "finish that run with the version of the engine that began it"
        raise Refused(Problem(where=str(path), problem=problem, hint=hint, code="journal-version"))
    return Records(path=path, header=records[0] if records else {}, changes=tuple(records[1:]), length=length)


def seal_journal(records: Records, digest: str, disk: Disk) -> None:
    """Note that all of a journal is about to be in the checkpoint of this digest.

    One that was never begun, cut off in its first line, has no records and is left as it is.

    Raises:
        OutsideFailure: it could not be written.
    """
    if not records.header:
        return
    try:
        with disk.append(records.path, records.length) as file:
            disk.write(file, _line({"folded": digest}))
            disk.sync(file)
    except OSError as error:
        raise disk_failure(
            records.path, "the journal of an earlier run cannot be applied to the state", error
        ) from error


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def damaged_journal(path: Path, number: int) -> InvalidInput:
    """Return the error of a damaged line; `number` is from 1."""
    return InvalidInput(
        Problem(
            where=f"{path}:{number}",
            problem="the journal of a run that was not finished is damaged before its end",
            hint=(
                "restore the file; if it is lost, remove it, refresh the stack, and look in the "
                "cloud for what that run created after this line"
            ),
            code="journal-damaged",
        )
    )
