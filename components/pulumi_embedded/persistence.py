"""Persistence of a run: the journal during it, the checkpoint at its end, and the history.

The order of writes makes a crash harmless. Before the first operation the checkpoint lists it as pending, so
that either engine warns a user who breaks the lock. A journal is sealed with the digest of the checkpoint it
is folded into before that is written, and removed after it, so that the two agree after a crash at any point.
"""

import platform
import time
from collections.abc import Mapping
from typing import Any, Final

from pulumi_embedded import checkpoint as checkpoints
from pulumi_embedded.backend import ENGINE, digest
from pulumi_embedded.checkpoint import Checkpoint
from pulumi_embedded.errors import OutsideFailure
from pulumi_embedded.journal import Journal, read_journal, seal_journal
from pulumi_embedded.secrets import Crypter
from pulumi_embedded.snapshot import Snapshot
from pulumi_embedded.stack_loader import LoadedStack

KINDS: Final = {"up": "update", "refresh": "refresh", "destroy": "destroy"}
"""Names of operations in the history."""


class StateWriter:
    """Keeps one run's state, from opening to history."""

    def __init__(self, stack: LoadedStack) -> None:
        assert stack.crypter is not None  # noqa: S101 - loaded for writing
        self._stack = stack
        self._backend = stack.backend
        self._crypter: Crypter = stack.crypter
        self._journal: Journal | None = None
        self._started = int(time.time())

    def begin(self) -> Snapshot:
        """Fold the journal of an earlier run, begin a new one, and return the state.

        Raises:
            OutsideFailure: it could not be written; nothing was begun.
        """
        stack = self._stack
        if self._backend.journal.exists():
            self._save(stack.checkpoint)
        self._journal = Journal(
            self._backend.journal,
            {"lock": self._backend.lock_id, "base": digest(self._backend.load())},
            self._backend.disk,
        )
        return Snapshot(stack.checkpoint, self._journal, self._crypter, self._announce)

    def end(self, snapshot: Snapshot) -> None:
        """Write the checkpoint if it has changed, then remove the journal.

        Raises:
            OutsideFailure: it could not be written; the next run continues from the journal.
        """
        assert self._journal is not None  # noqa: S101 - begun
        self._journal.close()
        if snapshot.changed or not self._backend.checkpoint.exists():
            self._save(snapshot.checkpoint())
        else:
            self._backend.remove(self._backend.journal)

    def record(self, operation: str, result: str, changes: Mapping[str, int]) -> OutsideFailure | None:
        """Add the run to the stack's history; return the error, if any, as the state is written already.

        Args:
            operation: The operation of the run.
            result: ``succeeded`` or ``failed``.
            changes: Operation -> number of resources.
        """
        update: dict[str, Any] = {
            "kind": KINDS[operation],
            "startTime": self._started,
            "message": "",
            "environment": {"exec.kind": ENGINE, "pulumi.os": platform.system().lower()},
            "config": self._stack.config.recorded,
            "version": 0,
            "result": result,
            "endTime": int(time.time()),
        }
        if changes:
            update["resourceChanges"] = dict(sorted(changes.items()))
        try:
            self._backend.record(update)
        except OutsideFailure as error:
            return error
        return None

    def _save(self, checkpoint: Checkpoint) -> None:
        """Seal the journal, write the checkpoint, remove the journal."""
        content = checkpoints.write(checkpoint, self._backend.qualified, self._crypter)
        records = read_journal(self._backend.journal)
        seal_journal(records, digest(content), self._backend.disk)
        # The .bak keeps the checkpoint from before the run, not the one that announced its first step.
        was_announced = any("opened" in record for record in records.changes)
        self._backend.save(content, keeps_last=not was_announced)
        self._backend.remove(self._backend.journal)

    def _announce(self, opening: Checkpoint) -> None:
        """Write the unchanged checkpoint, with the first operation as pending."""
        assert self._journal is not None  # noqa: S101 - begun
        content = checkpoints.write(opening, self._backend.qualified, self._crypter)
        kept = len(self._stack.checkpoint.pending)
        self._journal.add({"opened": digest(content), "kept": kept})
        self._backend.save(content)
