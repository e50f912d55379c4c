"""The state while it changes: what we began with, what was done since, and the journal that keeps it.

A snapshot is two lists and a set: the base (the checkpoint's resources), the new ones in the order they
came to be, and those of either that are done with. The checkpoint that they make is every new one not
done with, then every base one not done with: both lists have what is needed first, so the whole does (as
the CLI's snapshot manager).

Each change is a line in the journal before it is relied on; the cost of a line does not grow with the
stack. Lines written by several threads at once share one flush to the disk.
"""

import json
import os
import threading
from pathlib import Path
from typing import Any, BinaryIO

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.local.backend import sync_folder
from edgefleet.local.checkpoint import Checkpoint, Pending, State, deserialize, provider_urn, serialize
from edgefleet.local.secrets import Crypter


class Journal:
    """An append-only file of JSON lines, flushed to the disk in groups."""

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self._path = path
        self._condition = threading.Condition()
        self._lines: list[bytes] = []
        self._written = 0
        self._added = 0
        self._is_flushing = False
        self._failure: OSError | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("xb", buffering=0)
            self._add(header)
            self.flush()
            sync_folder(path.parent)
        except OSError as error:
            raise self._broken(error) from error

    def add(self, record: dict[str, Any], *, durable: bool = True) -> None:
        """Append a record; return when it is on the disk, if that is asked for.

        Raises:
            OutsideFailure: the disk took it not.
        """
        self._add(record)
        if durable:
            self.flush()

    def _add(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        with self._condition:
            self._lines.append(line)
            self._added += 1

    def flush(self) -> None:
        """Return when all that was added so far is on the disk; one thread flushes for all that wait."""
        with self._condition:
            target = self._added
            while self._written < target and self._failure is None:
                if self._is_flushing:
                    self._condition.wait()
                else:
                    self._flush_group()
            if self._failure is not None:
                raise self._broken(self._failure) from self._failure

    def _flush_group(self) -> None:
        """Write what has gathered; the condition is held on entry and exit, not while the disk works."""
        lines, self._lines = self._lines, []
        self._is_flushing = True
        self._condition.release()
        failure: OSError | None = None
        try:
            self._file.write(b"".join(lines))
            os.fsync(self._file.fileno())
        except OSError as error:
            failure = error
        finally:
            self._condition.acquire()
            self._is_flushing = False
            self._failure = failure
            self._written += len(lines)
            self._condition.notify_all()

    def close(self) -> None:
        """Close the file; it stays."""
        self._file.close()

    def _broken(self, error: OSError) -> OutsideFailure:
        return OutsideFailure(
            Problem(
                where=str(self._path),
                problem=f"the journal of this run cannot be written: {error.strerror}",
                hint="make room or mend the permissions, then run again; nothing that was done is forgotten",
                code="state-io",
            )
        )


class Snapshot:
    """Changes to the state; safe to use from several threads."""

    def __init__(self, base: Checkpoint, journal: Journal | None, crypter: Crypter | None) -> None:
        self.base = base
        self._journal = journal
        self._crypter = crypter
        self._lock = threading.Lock()
        self._new: list[State] = []
        self._done: set[int] = set()
        self._numbers = {id(state): number for number, state in enumerate(base.resources)}
        self._kept: list[State] = list(base.resources)
        self._pending: dict[int, Pending] = {}
        self._count = len(base.resources)
        self.changed = False
        """Whether the checkpoint must be written."""

    def begin(self, kind: str, state: State) -> int:
        """Note that an operation is about to begin; it is on the disk when this returns."""
        with self._lock:
            self._count += 1
            number = self._count
            self._pending[number] = Pending(type=kind, resource=state)
        self.changed = True
        self._write({"begin": number, "type": kind, "resource": self._document(state)})
        return number

    def end(
        self,
        number: int,
        *,
        new: State | None = None,
        done: tuple[State | None, ...] = (),
        same: bool = False,
        durable: bool = True,
    ) -> None:
        """Note what an operation came to.

        Args:
            number: From `begin`; 0 where nothing was begun.
            new: The state that is true from now on.
            done: States that are no more.
            same: Whether nothing but the order of the checkpoint changes.
            durable: Whether to wait for the disk; what can be found out again need not.
        """
        record: dict[str, Any] = {"end": number}
        with self._lock:
            self._pending.pop(number, None)
            gone = [
                self._numbers[id(state)] for state in done if state is not None and id(state) in self._numbers
            ]
            self._done.update(gone)
            if gone:
                record["done"] = gone
            if new is not None:
                record["new"] = self._number(new)
                self._new.append(new)
        if not same:
            self.changed = True
        if new is not None and not same:
            new.recorded = None
        if same and new is not None:
            record["from"] = gone[0] if gone else 0
        elif new is not None:
            record["resource"] = self._document(new)
        self._write(record, durable=durable and not same)

    def amend(self, state: State) -> None:
        """Note that a state was changed in place: its outputs, or that it is to be deleted."""
        state.recorded = None
        self.changed = True
        with self._lock:
            number = self._numbers.get(id(state))
        if number is not None:
            self._write({"amend": number, "resource": self._document(state)})

    def checkpoint(self) -> Checkpoint:
        """Return the state as of now."""
        with self._lock:
            live = [state for state in self._new if self._numbers[id(state)] not in self._done]
            live += [state for state in self.base.resources if self._numbers[id(state)] not in self._done]
            kept = [item for item in self.base.pending if item.type == "creating"]
            return Checkpoint(
                resources=renamed(live),
                pending=[*self._pending.values(), *kept],
                salt=self.base.salt,
                metadata=self.base.metadata,
            )

    def _number(self, state: State) -> int:
        if id(state) not in self._numbers:
            self._count += 1
            self._numbers[id(state)] = self._count
            self._kept.append(state)  # an id is only good while its object lives
        return self._numbers[id(state)]

    def _document(self, state: State) -> dict[str, Any]:
        return serialize(state, self._crypter) if self._journal and self._crypter else {}

    def _write(self, record: dict[str, Any], *, durable: bool = True) -> None:
        if self._journal:
            self._journal.add(record, durable=durable)


def renamed(resources: list[State]) -> list[State]:
    """Rewrite references to resources that took another name in this run."""
    names = {state.alias: state.urn for state in resources if state.alias}
    return [_rename(state, names) for state in resources] if names else resources


def _rename(state: State, names: dict[str, str]) -> State:
    if not names.keys() & state.references():
        return state
    provider = state.provider
    if provider and (name := names.get(provider_urn(provider))):
        provider = f"{name}::{provider.rpartition('::')[2]}"
    return state.copy(
        parent=names.get(state.parent, state.parent),
        provider=provider,
        deleted_with=names.get(state.deleted_with, state.deleted_with),
        dependencies=tuple(names.get(urn, urn) for urn in state.dependencies),
        property_dependencies={
            key: [names.get(urn, urn) for urn in urns] for key, urns in state.property_dependencies.items()
        },
    )


def fold(base: Checkpoint, path: Path, crypter: Crypter | None) -> Checkpoint:
    """Apply a journal that a run left behind to the checkpoint it began with.

    A record that is cut off was never relied on: it and what follows are not there.
    """
    states: dict[int, State] = dict(enumerate(base.resources))
    order: list[int] = []
    done: set[int] = set()
    pending: dict[int, Pending] = {}
    for record in _records(path):
        if "begin" in record:
            pending[record["begin"]] = Pending(
                type=record["type"], resource=deserialize(record["resource"], crypter)
            )
        elif "amend" in record:
            states[record["amend"]] = deserialize(record["resource"], crypter)
        elif "end" in record:
            pending.pop(record["end"], None)
            done.update(record.get("done", ()))
            if "new" in record:
                order.append(record["new"])
                states[record["new"]] = _made(record, states, crypter)
    live = [number for number in (*order, *range(len(base.resources))) if number not in done]
    kept = [item for item in base.pending if item.type == "creating"]
    return Checkpoint(
        resources=[states[number] for number in live],
        pending=[*pending.values(), *kept],
        salt=base.salt,
        metadata=base.metadata,
    )


def _made(record: dict[str, Any], states: dict[int, State], crypter: Crypter | None) -> State:
    return deserialize(record["resource"], crypter) if "resource" in record else states[record["from"]]


def _records(path: Path) -> list[dict[str, Any]]:
    """Return a journal's records but for its header; stop at the first that is not whole."""
    records: list[dict[str, Any]] = []
    with path.open("rb") as file:
        for line in file:
            try:
                record = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                record = None
            if record is None:
                break
            records.append(record)
    return records[1:]
