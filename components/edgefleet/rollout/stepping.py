"""Steps and orders of the newest rollout of a store, until nothing more is to be done now.

Anyone may do this, and several at once: the slower one reads again and decides again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgefleet.errors import Refused
from edgefleet.io.store import ArtifactStore
from edgefleet.rollout.history import RELEASING, Entry
from edgefleet.rollout.orders import Order, order, refusal
from edgefleet.rollout.standing import position
from edgefleet.rollout.statuses import Statuses
from edgefleet.rollout.step import Decision, step
from edgefleet.rollout.stored import FOLDER, TRIES, Running, append, contended, newest, settled
from edgefleet.rollout.stored_statuses import statuses

NONE, HOW = "no rollout was started yet", "edgefleet up starts one, where the fleet file has a channel"
Clock = Callable[[], int]
"""The time, seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What steps found, and did."""

    running: Running
    """The rollout afterwards."""
    decision: Decision
    """The last one: nothing more is to be done now."""
    entries: tuple[Entry, ...]
    """What was appended to the log, by this one."""
    statuses: Statuses
    """What it was decided from."""


def advance(store: ArtifactStore, clock: Clock, cache: Path | None = None) -> Advance | None:
    """Step until nothing more is to be done now; `None` where no rollout was ever started.

    Args:
        store: where.
        clock: the time.
        cache: see `stored_statuses.written`.

    Raises:
        OutsideFailure: the store does not answer, what it has is no rollout, or others never stop writing.
    """
    for _ in range(TRIES):
        running = newest(store)
        if running is None:
            return None
        advanced = _advanced(store, running, clock(), cache)
        if advanced is not None:
            return advanced
    raise contended(store)


def give(store: ArtifactStore, entry: Entry, action: Order, cache: Path | None = None) -> Entry:
    """Append an order to the log.

    Args:
        store: where.
        entry: its time, person, reason and wave.
        action: what is ordered.
        cache: see `stored_statuses.written`.

    Returns:
        The order as the log has it.

    Raises:
        Refused: it does not fit how far the rollout is.
        OutsideFailure: the store does not answer, what it has is no rollout, or others never stop writing.
    """
    for _ in range(TRIES):
        running = newest(store)
        problem, hint = (NONE, HOW) if running is None else refusal(action, running.history, entry.wave)
        if running is None or problem:
            raise Refused.at(store.uri(FOLDER[:-1]), "rollout-order", problem, hint)
        seen = reported(store, running, cache) if action in RELEASING else {}
        made = order(action, running.plan, running.state, seen, entry)
        if append(store, running, (made,)) is not None:
            return made
    raise contended(store)


def reported(store: ArtifactStore, running: Running, cache: Path | None = None) -> Statuses:
    """What the nodes report whose sites the rollout has moved; others tell nothing of it.

    Raises:
        OutsideFailure: the store does not answer.
    """
    pointers = running.state.pointers
    sites = (site for site in running.plan.sites if position(site, pointers.get(site.name)) != "before")
    nodes = {site.name: site.nodes for site in sites}
    return statuses(store, nodes, cache) if nodes else {}


def _advanced(store: ArtifactStore, running: Running, now: int, cache: Path | None) -> Advance | None:
    """All steps of now; `None` where another writer was faster."""
    found: Running | None = settled(store, running, now)
    if found is None:
        return None
    seen = reported(store, found, cache)
    entries: tuple[Entry, ...] = ()
    while found is not None:
        decision = step(found.plan, found.state, seen, now)
        if not decision.entries:
            return Advance(running=found, decision=decision, entries=entries, statuses=seen)
        written = append(store, found, decision.entries)
        entries += decision.entries
        found = None if written is None else settled(store, written, now)
    return None
