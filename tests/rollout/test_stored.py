"""Rollouts in a store: kills between two writes, several steppers at once, and hostile documents."""

from collections.abc import Callable

import pytest
from tests.rollout.signed import Killed, doomed, planned, pointers, started, with_pointers
from tests.rollout.world import START, digest

from edgefleet.errors import OutsideFailure
from edgefleet.io.store import ArtifactStore
from edgefleet.rollout import stored
from edgefleet.rollout.history import Entry, Kind
from edgefleet.rollout.plan import InForce
from edgefleet.rollout.stored import Running, append, clear, newest, place, settled, start, targets

SITES = ("s00", "s01", "s02")


def nth(number: int) -> int:
    """A sequence after the time of the first rollout, from 1."""
    return START + number - 1


BOTH = {"s00": (nth(1), digest(1)), "s01": (nth(1), digest(1))}


def moved(kind: Kind, *sites: str, at: int = START) -> Entry:
    """The entry of a move."""
    return Entry(at=at, action="moved", kind=kind, sites=sites)


def move(store: ArtifactStore, running: Running, kind: Kind, *sites: str) -> Running:
    """A move from its entry to its end."""
    written = append(store, running, (moved(kind, *sites),))
    assert written is not None
    done = settled(store, written, START)
    assert done is not None
    return done


def proven(store: ArtifactStore) -> None:
    """A rollout of release 1 that has ended: all go back to it later."""
    running = move(store, started(store, 1, *SITES), "forward", *SITES)
    assert append(store, running, (Entry(at=START, action="ended", reason="done"),))


def test_a_store_without_a_rollout_has_none(store: ArtifactStore) -> None:
    """Of what others put there, nothing is one."""
    assert newest(store) is None
    for key in (
        "x.json",
        "20261301t000000z/plan.json",
        "99991231t235959z/plan.json",
        "20261201t000000z/plan",
    ):
        store.put(f"rollouts/{key}", b"{}")
    assert (None, {}) == (newest(store), targets(None))


def test_a_rollout_is_what_was_started(store: ArtifactStore) -> None:
    """Nothing is moved yet; all that was signed counts."""
    made, lines = with_pointers(planned(1, *SITES))
    running = start(store, made, lines, None)
    assert running == newest(store)
    assert running is not None
    assert (made, (), made) == (running.plan, running.log, running.unfinished)
    assert dict.fromkeys(SITES, InForce(signed=nth(3))) == targets(running)
    assert {} == pointers(store)


def test_moves_lead_forward_and_back(store: ArtifactStore) -> None:
    """Plan and log alone tell what each site has, over rollouts; a new one does not read any pointer."""
    proven(store)
    running = move(store, started(store, 2, *SITES), "forward", "s00", "s01")
    assert {"s00": (nth(4), digest(2)), "s01": (nth(4), digest(2)), "s02": (nth(1), digest(1))} == pointers(
        store
    )
    running = move(store, running, "back", "s01")
    assert (nth(7), digest(1)) == pointers(store)["s01"]
    assert running == newest(store)
    found = targets(running)
    sites = {site.name: site for site in running.plan.sites}
    assert (
        InForce(release=digest(2), sequence=nth(4), signed=nth(7), digest=sites["s00"].digest) == found["s00"]
    )
    assert (
        InForce(release=digest(1), sequence=nth(7), signed=nth(7), digest=sites["s01"].back_digest)
        == found["s01"]
    )
    third = started(store, 3, *SITES)
    assert found == third.plan.before
    sites = {site.name: site for site in third.plan.sites}
    assert {"s00": digest(1), "s01": digest(1), "s02": digest(1)} == {
        name: site.previous for name, site in sites.items()
    }
    assert {nth(8)} == {site.sequence for site in sites.values()}


def test_a_new_rollout_ends_the_one_before(store: ArtifactStore) -> None:
    """No step of it moves anything more: it has lost its swap, or reads the end."""
    first = started(store, 1, *SITES)
    second = started(store, 2, *SITES)
    assert append(store, first, (moved("forward", "s00"),)) is None
    end = stored.read(store, first.id).history.end
    assert end is not None
    assert ("superseded", second.id) == (end.action, end.reason)
    assert second == newest(store)


def test_a_kill_between_two_writes_of_a_start_loses_nothing(store: ArtifactStore) -> None:
    """The moves of the rollout before it are completed; started again, it is as if there was no kill."""
    kills = []
    for writes in range(20):
        clear(store)
        first = started(store, 1, *SITES)
        before = append(store, first, (moved("forward", "s00", "s01"),))
        made, lines = with_pointers(planned(2, *SITES, at=START + 5, before=before))
        try:
            running = start(doomed(store, writes), made, lines, before)
        except Killed:
            kills.append(writes)
            before = newest(store)
            assert (before and before.id) == first.id
            assert made == with_pointers(planned(2, *SITES, at=START + 5, before=before))[0]
            running = start(store, made, lines, before)
        assert running
        assert (made, BOTH) == (running.plan, pointers(store))
        if writes not in kills:
            break
    assert [*range(7)] == kills  # two pointers, that they are placed; pointers, log; the end before; the plan


def test_a_kill_between_two_writes_of_a_step_loses_no_move(store: ArtifactStore) -> None:
    """The next step completes what the log states."""
    running = started(store, 1, *SITES)
    written = append(store, running, (moved("forward", *SITES),))
    assert written is not None
    kills = 0
    for writes in range(10):
        try:
            assert settled(doomed(store, writes), written, START)
            break
        except Killed:
            kills += 1
            assert (moved("forward", *SITES),) == getattr(newest(store), "log", ())
    assert (4, set(SITES)) == (kills, {*pointers(store)})
    assert () == getattr(newest(store), "history", running.history).unplaced


def test_of_two_steppers_one_wins(store: ArtifactStore) -> None:
    """The other reads again; what it then completes is there already."""
    running = started(store, 1, *SITES)
    won = append(store, running, (moved("forward", "s00", "s01"),))
    assert append(store, running, (moved("forward", "s00", "s02"),)) is None
    other = newest(store)
    assert won == other
    assert won is not None
    assert settled(store, won, START) is not None
    assert settled(store, won, START + 9) is None
    assert BOTH == pointers(store)


def test_a_swap_whose_answer_was_lost_has_succeeded(store: ArtifactStore) -> None:
    """It is tried again, loses, and finds its own bytes."""
    running = started(store, 1, *SITES)
    entry = moved("forward", "s00")
    assert append(store, running, (entry,)) == append(store, running, (entry,))
    assert (entry,) == getattr(newest(store), "log", ())


def test_a_slow_stepper_moves_no_pointer_down(store: ArtifactStore) -> None:
    """Neither long after, nor between the reading and the writing of another."""
    proven(store)
    running = move(store, started(store, 2, *SITES), "forward", "s00")
    back = move(store, running, "back", "s00")
    place(store, running, {"s00": "forward"})
    assert (nth(7), digest(1)) == pointers(store)["s00"]
    place(doomed(store, 0, lambda: place(store, back, {"s01": "back"})), running, {"s01": "forward"})
    assert (nth(7), digest(1)) == pointers(store)["s01"]


def test_a_start_that_reads_an_old_log_starts_nothing(store: ArtifactStore) -> None:
    """A step moved a pointer, or another rollout was started: what it planned does not fit any more."""
    first = started(store, 1, *SITES)
    made, lines = with_pointers(planned(2, *SITES, at=START + 5, before=first))
    assert start(doomed(store, 2, lambda: move(store, first, "forward", "s00")), made, lines, first) is None
    assert start(store, made, lines, None) is None
    now = newest(store)
    assert now is not None
    assert (first.id, None) == (now.id, now.history.end)
    second = started(store, 2, *SITES, at=START + 6)
    assert start(store, made, lines, now) is None
    assert second == newest(store)


def test_a_clock_that_is_behind_starts_a_newer_rollout(store: ArtifactStore) -> None:
    """Its name follows those that are there; the oldest are removed."""
    names = [started(store, number, "s00", at=START - number * 60).id for number in range(stored.KEPT + 3)]
    assert sorted(names) == names
    assert names[-1] == getattr(newest(store), "id", "")
    assert names[3:] == sorted({key.split("/")[1] for key in store.list("rollouts/")})


HOSTILE = {
    "empty": b"",
    "not JSON": b"\x1b[2J not JSON",
    "not text": b"\xff\xfe",
    "deep": b"[" * 200_000,
    "long": b" " * (stored.LARGEST + 1),
    "another type": b"7",
    "unknown keys": b'{"fleet": "x", "\\u001b[2J": 1}',
    "a key twice": b'{"fleet": "x", "fleet": "y"}',
    "wrong items": b'[{"at": -1, "action": "moved"}, {"at": 1, "action": "deleted"}]',
    "wrong names": b'[{"at": 1, "action": "moved", "sites": ["../../etc"]}]',
    "later than time": b'[{"at": 1e300, "action": "paused"}]',
}


@pytest.mark.parametrize("name", ["plan.json", "log.json"])
@pytest.mark.parametrize("data", [*HOSTILE.values(), None], ids=[*HOSTILE, "missing"])
def test_a_hostile_document_is_one_clear_error(store: ArtifactStore, name: str, data: bytes | None) -> None:
    """With its place, what to do, and nothing in it that steers a terminal."""
    running = started(store, 1, "s00")
    key = f"rollouts/{running.id}/{name}"
    if data is None and name == "plan.json":
        store.delete(key)
        assert newest(store) is None
        return
    store.delete(key) if data is None else store.put(key, data)
    with pytest.raises(OutsideFailure) as caught:
        newest(store)
    problem = caught.value.problem
    assert ("rollout", store.uri(key)) == (problem.code, problem.where)
    assert problem.problem.startswith("this is not the document of a rollout: ")
    assert problem.problem.isprintable()
    assert 200 > len(problem.problem)
    assert problem.hint


def foreign(lines: bytes) -> bytes:
    """The pointers of other sites."""
    return lines[: lines.index(b"\n") + 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda lines: lines[:-1],
        foreign,
        lambda lines: lines.replace(b"eyJ", b"eyK") + b"\x00" * 9,
    ],
    ids=["empty", "cut", "another site", "noise"],
)
def test_a_pointer_that_is_not_the_planned_one_is_not_placed(
    store: ArtifactStore, change: Callable[[bytes], bytes]
) -> None:
    """The store lost it, or someone wrote there."""
    running = started(store, 1, *SITES)
    key = f"rollouts/{running.id}/0.pointers"
    changed = change(store.get(key) or b"")
    store.put(key, changed)
    if changed.endswith(b"\x00"):
        place(store, running, {"s02": "forward"})
        return
    with pytest.raises(OutsideFailure, match=f"has no pointer {nth(1)} of s02, which the plan names"):
        place(store, running, {"s02": "forward"})
    assert {} == pointers(store)


@pytest.mark.parametrize("data", [b"", b"\xff" * 99, b"[" * 9999, b'{"payload":"","payloadType":"x"}\n'])
def test_what_is_no_pointer_is_replaced(store: ArtifactStore, data: bytes) -> None:
    """It leads no node anywhere."""
    running = started(store, 1, *SITES)
    store.put("pointers/s00.json", data)
    place(store, running, {"s00": "forward"})
    assert {"s00": (nth(1), digest(1))} == pointers(store)


def test_a_destroyed_stack_leaves_nothing(store: ArtifactStore) -> None:
    """Of rollouts, pointers and statuses; releases belong to their sites."""
    move(store, started(store, 1, *SITES), "forward", "s00")
    store.put("status/s00/n1.json", b"{}")
    store.put("releases/s00/x.json", b"{}")
    clear(store)
    assert ["releases/s00/x.json"] == [*store.list("")]
