"""Steps and orders over a store: kills, races, and what a whole rollout writes."""

import json
from dataclasses import replace

import pytest
from tests.rollout.signed import Killed, doomed, planned, pointers, started, with_pointers
from tests.rollout.world import HOUR, START, digest

from edgefleet.errors import Refused
from edgefleet.io.store import ArtifactStore
from edgefleet.model.rollout import OnFailure
from edgefleet.rollout.history import OF_POINTERS, Entry
from edgefleet.rollout.orders import Order
from edgefleet.rollout.plan import PlannedWave
from edgefleet.rollout.stepping import Advance, advance, give
from edgefleet.rollout.stored import clear, newest, start

CANARY, REST = ("s00",), ("s01", "s03")
SITES = (*CANARY, *REST)


def waved(release: int, *, before: bool = False, store: ArtifactStore, on: OnFailure = "pause") -> None:
    """A rollout with a canary."""
    running = newest(store) if before else None
    made = planned(release, *SITES, at=START, before=running)
    (wave,) = made.waves
    pace = replace(wave.pace, failures=0, bake=HOUR, on_failure=on)
    waves = tuple(
        PlannedWave(name=name, pace=pace, sites=tuple(site for site in wave.sites if site.name in names))
        for name, names in (("canary", CANARY), ("rest", REST))
    )
    assert start(store, *with_pointers(replace(made, waves=waves)), running)


def report(store: ArtifactStore, state: str, *sites: str) -> None:
    """What the nodes of sites report of their pointers."""
    there = pointers(store)
    for site in sites:
        document = {"state": state, "sequence": there[site][0]}
        store.put(f"status/{site}/n1.json", json.dumps(document).encode())


def stepped(store: ArtifactStore, hours: int = 0) -> Advance:
    """So many hours after the start."""
    found = advance(store, lambda: START + hours * HOUR)
    assert found is not None
    return found


def actions(found: Advance) -> list[str]:
    """What a step wrote into the log of a person."""
    return [entry.action for entry in found.entries if entry.action not in OF_POINTERS]


def on_release(store: ArtifactStore, release: int) -> set[str]:
    """The sites whose pointers lead to it."""
    return {site for site, (_, of) in pointers(store).items() if of == digest(release)}


def test_without_a_rollout_there_is_nothing_to_do(store: ArtifactStore) -> None:
    """Neither to step nor to order."""
    assert advance(store, lambda: START) is None
    with pytest.raises(Refused, match="no rollout was started yet"):
        give(store, Entry(at=START, action="paused"), "paused")


def test_a_rollout_goes_from_its_start_to_its_end(store: ArtifactStore) -> None:
    """A step does all that is due; the same once more does nothing."""
    waved(1, store=store)
    assert (["opened"], {*CANARY}) == (actions(stepped(store)), on_release(store, 1))
    again = stepped(store)
    assert ((), "0 of 1 sites of the wave canary are healthy: waiting for 1 site") == (
        again.entries,
        again.decision.reason,
    )
    report(store, "healthy", *CANARY)
    assert ["reached"] == actions(stepped(store, 1))
    assert (["opened"], {*SITES}) == (actions(stepped(store, 2)), on_release(store, 1))
    report(store, "healthy", *REST)
    assert ["reached"] == actions(stepped(store, 3))
    assert ["ended"] == actions(stepped(store, 4))
    assert ("ended", "done") == (stepped(store, 5).decision.phase, stepped(store, 5).decision.reason)


def test_a_failure_pauses_and_an_order_takes_all_back(store: ArtifactStore) -> None:
    """To the release that they had, by pointers that were signed ahead."""
    waved(1, store=store)
    give(store, Entry(at=START, action="skipped", by="ops"), "skipped")
    stepped(store)
    report(store, "healthy", *SITES)
    assert "ended" == stepped(store, 2).decision.phase
    waved(2, store=store, before=True)
    stepped(store, 3)
    report(store, "rolled-back", *CANARY)
    assert ["paused"] == actions(stepped(store, 4))
    assert "1 site failed (s00) of the wave canary: its budget is 0" == stepped(store, 4).decision.reason
    assert {*CANARY} == on_release(store, 2)
    give(store, Entry(at=START + 5 * HOUR, action="rolledBack", by="ops", reason="sick"), "rolledBack")
    assert "rolling-back" == stepped(store, 5).decision.phase
    assert ({*SITES}, set()) == (on_release(store, 1), on_release(store, 2))
    report(store, "healthy", *CANARY)
    assert "rolled back: sick" == stepped(store, 6).decision.reason


@pytest.mark.parametrize("way", ["kill", "race"])
def test_a_kill_or_another_stepper_at_any_write_changes_nothing(store: ArtifactStore, way: str) -> None:
    """The next step completes the first; what both decide stands once in the log."""
    ends = []
    for writes in range(30):
        clear(store)
        waved(1, store=store)
        give(store, Entry(at=START, action="skipped", by="ops"), "skipped")
        is_hit = False
        try:
            other = None if way == "kill" else lambda: stepped(store)
            advance(doomed(store, writes, other), lambda: START)
        except Killed:
            is_hit = True
        stepped(store)
        running = newest(store)
        assert running is not None
        ends.append(([entry.action for entry in running.log], pointers(store)))
        if way == "kill" and not is_hit:
            break
        if way == "race" and writes == 8:
            break
    assert 5 <= len(ends)
    assert [ends[-1]] * len(ends) == ends
    assert (["skipped", "moved", "placed"], {*SITES}) == (ends[0][0], {*ends[0][1]})


@pytest.mark.parametrize(
    ("orders", "problem"),
    [
        (("resumed",), "the rollout is not paused"),
        (("paused", "paused"), "the rollout is paused already"),
        (("rolledBack", "resumed"), "the rollout was taken back already"),
        (("promoted",), "no wave is opened yet"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(
    store: ArtifactStore, orders: tuple[Order, ...], problem: str
) -> None:
    """With what is to be done."""
    waved(1, store=store)
    *right, wrong = orders
    for action in right:
        give(store, Entry(at=START, action=action, by="ops"), action)
    with pytest.raises(Refused, match=problem):
        give(store, Entry(at=START, action=wrong, by="ops"), wrong)
    assert len(right) == len(getattr(newest(store), "log", ()))


def test_a_rollout_that_ended_is_taken_back_once(store: ArtifactStore) -> None:
    """As long as no other was started: the pointers back are there."""
    started(store, 1, *SITES)
    give(store, Entry(at=START, action="skipped", by="ops"), "skipped")
    stepped(store)
    report(store, "healthy", *SITES)
    assert "ended" == stepped(store, 2).decision.phase
    waved(2, store=store, before=True)
    give(store, Entry(at=START, action="skipped", by="ops"), "skipped")
    stepped(store, 3)
    report(store, "healthy", *SITES)
    assert "done" == stepped(store, 5).decision.reason
    give(store, Entry(at=START + 6 * HOUR, action="rolledBack", by="ops", reason="slow"), "rolledBack")
    stepped(store, 6)
    assert {*SITES} == on_release(store, 1)
    report(store, "healthy", *SITES)
    assert ("ended", "rolled back: slow") == (
        stepped(store, 7).decision.phase,
        stepped(store, 7).decision.reason,
    )
    with pytest.raises(Refused, match="was taken back already"):
        give(store, Entry(at=START + 9 * HOUR, action="rolledBack", by="ops"), "rolledBack")


def test_two_orders_at_once_are_both_kept(store: ArtifactStore) -> None:
    """The slower one reads again."""
    waved(1, store=store)
    first = Entry(at=START, action="paused", by="one", reason="a")
    second = Entry(at=START, action="rolledBack", by="two", reason="b")
    give(doomed(store, 0, lambda: give(store, first, "paused")), second, "rolledBack")
    assert ["one", "two"] == [entry.by for entry in getattr(newest(store), "log", ())]
