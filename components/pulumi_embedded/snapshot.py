"""The changing state of a run: its base, the changes since, and the journal that records them.

A snapshot is two lists and a set: the base (the checkpoint's resources, then refreshed ones), the new ones in
order of creation, and those of either that are done. The checkpoint is every new one that is not done, then
every base one that is not done: both lists are in order of dependency, so the whole is too (as in the CLI's
snapshot manager).

Each change is a line in the journal before the run continues; the cost of a line does not grow with the
stack. Lines written by several threads at once share one flush to the disk.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pulumi_embedded.checkpoint import Checkpoint, Pending, State, deserialize, provider_urn, serialize
from pulumi_embedded.errors import OutsideFailure
from pulumi_embedded.journal import Journal, Records, damaged_journal, read_journal
from pulumi_embedded.secrets import Crypter

_FIRST = 2
"""The line of a journal's first change, after the header."""


class Snapshot:
    """Changes to the state; safe to use from several threads."""

    def __init__(
        self,
        base: Checkpoint,
        journal: Journal | None,
        crypter: Crypter | None,
        opening: Callable[[Checkpoint], None] | None = None,
    ) -> None:
        """Begin.

        Args:
            base: The checkpoint.
            journal: Records the changes; None for a preview.
            crypter: Encrypts their secrets.
            opening: Writes the base with the first operation as pending to the disk.
        """
        self.base = base
        self._journal = journal
        self._crypter = crypter
        self._opening = opening
        self._opening_lock = threading.Lock()
        self._lock = threading.Lock()
        self._new: list[State] = []
        self._old: list[State] = list(base.resources)
        self._done: set[int] = set()
        self._numbers = {id(state): number for number, state in enumerate(base.resources)}
        self._kept: list[State] = list(base.resources)
        self._pending: dict[int, Pending] = {}
        self._settled: set[int] = set()
        self._count = len(base.resources)
        self.changed = False
        """Whether the checkpoint must be written."""

    def begin(self, kind: str, state: State) -> int:
        """Record an operation that is about to begin; it is on the disk on return.

        Raises:
            OutsideFailure: it could not be written; the operation must not begin, and is not recorded.
        """
        pending = Pending(type=kind, resource=state)
        with self._lock:
            self._count += 1
            number = self._count
            self._pending[number] = pending
        self.changed = True
        try:
            self._write({"begin": number, "type": kind, "resource": self._document(state)})
            self._announce(pending)
        except OutsideFailure:
            with suppress(OutsideFailure):
                self.end(number)
            raise
        return number

    def _announce(self, pending: Pending) -> None:
        """Put the first operation into the checkpoint before it begins, while other threads wait."""
        with self._opening_lock:
            if self._opening is None:
                return
            base = self.base
            self._opening(
                Checkpoint(
                    resources=base.resources,
                    pending=[*base.pending, pending],
                    salt=base.salt,
                    metadata=base.metadata,
                )
            )
            self._opening = None

    def end(  # noqa: PLR0913 - the parts of one record
        self,
        number: int,
        *,
        new: State | None = None,
        done: tuple[State | None, ...] = (),
        amended: State | None = None,
        same: bool = False,
        durable: bool = True,
    ) -> None:
        """Record the outcome of an operation.

        Args:
            number: From `begin`; 0 without an operation.
            new: The new state.
            done: States that no longer exist.
            amended: A state that changed in place with it: to be deleted now, or deleted already.
            same: Whether nothing but the order of the checkpoint changes.
            durable: Whether to wait for the disk; not needed for a repeatable change.
        """
        record: dict[str, Any] = {"end": number}
        with self._lock:
            self._pending.pop(number, None)
            numbers = [
                self._numbers[id(state)] for state in done if state is not None and id(state) in self._numbers
            ]
            self._done.update(numbers)
            if numbers:
                record["done"] = numbers
            if new is not None:
                record["new"] = self._number(new)
                self._new.append(new)
        if not same:
            self.changed = True
        self._describe(record, new, numbers if same else None)
        self._amend(record, amended)
        self._write(record, durable=durable and not same)

    def _describe(self, record: dict[str, Any], new: State | None, same: list[int] | None) -> None:
        """Add the new state: in full, or as a reference to an equal one."""
        if new is None:
            return
        if same is not None:
            record["from"] = same[0] if same else 0
        else:
            new.recorded = None
            record["resource"] = self._document(new)
        if new.alias:
            record["alias"] = new.alias

    def _amend(self, record: dict[str, Any], state: State | None) -> bool:
        if state is None:
            return False
        state.recorded = None
        self.changed = True
        with self._lock:
            number = self._numbers.get(id(state))
        if number is None:
            return False
        record["amend"], record["amended"] = number, self._document(state)
        return True

    def amend(self, state: State) -> None:
        """Record a state that changed in place: its outputs, or that it is to be deleted."""
        record: dict[str, Any] = {}
        if self._amend(record, state):
            self._write(record)

    def resolve(
        self, pending: Pending, *, created: State | None = None, replaced: State | None = None
    ) -> None:
        """Record the outcome of an operation that an earlier run left pending.

        Args:
            pending: One of the base's.
            created: The resource that it created, if any.
            replaced: A state that changed in place with it: to its live state, or to be deleted.
        """
        self.changed = True
        place = next(place for place, item in enumerate(self.base.pending) if item is pending)
        record: dict[str, Any] = {"settled": place}
        with self._lock:
            self._settled.add(place)
            if created is not None:
                record["found"] = self._number(created)
                self._old.append(created)
        if created is not None:
            record["resource"] = self._document(created)
        self._amend(record, replaced)
        self._write(record)

    def checkpoint(self) -> Checkpoint:
        """Return the state as of now."""
        with self._lock:
            live = [state for state in (*self._new, *self._old) if self._numbers[id(state)] not in self._done]
            return _checkpoint(self.base, live, self._pending, self._settled)

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


def _checkpoint(
    base: Checkpoint, live: list[State], pending: dict[int, Pending], settled: set[int]
) -> Checkpoint:
    """Return the checkpoint so far; unsettled operations of earlier runs stay pending."""
    kept = [item for place, item in enumerate(base.pending) if place not in settled]
    return Checkpoint(
        resources=renamed(live), pending=[*pending.values(), *kept], salt=base.salt, metadata=base.metadata
    )


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


def fold(
    base: Checkpoint,
    path: Path,
    crypter: Crypter | None,
    digest: str = "",
    *,
    content: bytes | None = None,
) -> Checkpoint:
    """Apply the journal of an interrupted run to the checkpoint.

    Args:
        base: The checkpoint.
        path: The journal.
        crypter: Decrypts what is secret in it.
        digest: Of the checkpoint's bytes.
        content: The journal's bytes, where they were read already.

    Raises:
        InvalidInput: the journal is damaged.
        Refused: it goes with another checkpoint.
    """
    records = read_journal(path, content)
    kept = records.pending_kept(digest)
    if kept == -1:
        return base
    return _Folding(base, kept, crypter).apply(records)


class _Folding:
    """Applies a journal record by record."""

    def __init__(self, base: Checkpoint, kept: int | None, crypter: Crypter | None) -> None:
        self._base = Checkpoint(
            resources=base.resources, pending=base.pending[:kept], salt=base.salt, metadata=base.metadata
        )
        self._crypter = crypter
        self._states: dict[int, State] = dict(enumerate(base.resources))
        self._new: list[int] = []
        self._old = list(range(len(base.resources)))
        self._done: set[int] = set()
        self._pending: dict[int, Pending] = {}
        self._settled: set[int] = set()

    def apply(self, records: Records) -> Checkpoint:
        for number, record in enumerate(records.changes, _FIRST):
            try:
                self._take(record)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise damaged_journal(records.path, number) from error
        live = [self._states[number] for number in (*self._new, *self._old) if number not in self._done]
        return _checkpoint(self._base, live, self._pending, self._settled)

    def _take(self, record: dict[str, Any]) -> None:
        if "begin" in record:
            self._pending[record["begin"]] = Pending(type=record["type"], resource=self._state(record))
        if "end" in record:
            self._pending.pop(record["end"], None)
            self._done.update(record.get("done", ()))
        if "settled" in record:
            self._settled.add(record["settled"])
        if "amend" in record:
            self._states[record["amend"]] = deserialize(record["amended"], self._crypter)
        if "new" in record:
            self._new.append(record["new"])
            self._states[record["new"]] = self._made(record)
        if "found" in record:
            self._old.append(record["found"])
            self._states[record["found"]] = self._state(record)

    def _state(self, record: dict[str, Any]) -> State:
        return deserialize(record["resource"], self._crypter)

    def _made(self, record: dict[str, Any]) -> State:
        state = self._state(record) if "resource" in record else self._states[record["from"]]
        if record.get("alias"):
            recorded = state.recorded
            state = state.copy(alias=record["alias"], recorded=recorded)
        return state
