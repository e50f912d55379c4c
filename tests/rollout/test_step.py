"""Single decisions of a rollout, and the plan that they follow."""

from dataclasses import replace

import pytest
from tests.rollout.world import HOUR, START, World, digest, fleet, targets

from edgefleet.model.rollout import OnFailure, Rollout, Wave
from edgefleet.model.spec import from_plain, to_plain
from edgefleet.rollout.history import OF_POINTERS, Entry, History
from edgefleet.rollout.orders import Order
from edgefleet.rollout.plan import InForce, Plan, plan
from edgefleet.rollout.standing import in_force, state_of
from edgefleet.rollout.step import Move
from edgefleet.rollout.targets import ALL, DEFAULTS, merged

BEFORE = {name: InForce(release=digest(0), sequence=1) for name in ("s00", "s01", "s02")}
FAST = Rollout(bake="1s", healthy="100%", failures="0", on_failure="pause", wait_for_dark="12h")


def test_a_plan_has_only_the_sites_that_change() -> None:
    """With the pointers of both ways and renewals between them, above all that were ever signed.

    What leads the others is kept, also of a site that the fleet file has no more.
    """
    before = {
        "s00": InForce(release=digest(0), sequence=4, signed=9),
        "s01": InForce(release=digest(1), sequence=4),
        "gone": InForce(release=digest(1), sequence=4, signed=6),
    }
    made = plan(targets(fleet(), dict.fromkeys(("s00", "s01", "s02"), 1)), START, before)
    sites = {site.name: site for site in made.sites}
    assert [ALL] == [wave.name for wave in made.waves]
    assert ["s00", "s02"] == [*sites]
    assert before == made.before
    of = sites["s00"]
    assert (START, START + 3, digest(0)) == (of.sequence, of.back, of.previous)
    assert (START, 0, "", "dark") == (
        *(getattr(sites["s02"], key) for key in ("sequence", "back", "previous", "link")),
    )


def test_a_plan_is_plain_data_and_back() -> None:
    """It is a document of the store; its waves, policies and sites survive."""
    world = World.of(1, FAST, (3, 4), ("good",))
    assert world.plan == from_plain(Plan, to_plain(world.plan))


def test_a_wave_has_the_policy_of_the_rollout_but_for_its_own() -> None:
    """And the defaults where neither has one."""
    policy = merged(Rollout(bake="2h", failures="3"), Wave(name="canary", failures="0"))
    assert ("2h", "0", DEFAULTS.healthy) == (policy.bake, policy.failures, policy.healthy)


def test_a_rollout_goes_from_wave_to_wave_and_ends() -> None:
    """Each one opens when the one before is healthy and was watched."""
    world = World.of(2, replace(FAST, bake="3h", healthy="50%"), (3, 4), ("good",))
    assert "ended" == world.run(100).phase
    actions = [(entry.action, entry.wave) for entry in world.log if entry.action not in OF_POINTERS]
    waves = [wave.name for wave in world.plan.waves]
    assert [*((a, w) for w in waves for a in ("opened", "reached")), ("ended", "")] == actions
    times = {(entry.action, entry.wave): entry.at for entry in world.log}
    assert times["opened", "w1"] - times["reached", "w0"] == 3 * HOUR


def test_a_clock_of_1970_moves_nothing() -> None:
    """It waits for the start of the rollout."""
    world = World.of(3, FAST, (3,), ("good",))
    world.now = 0
    decision = world.decide()[1]
    assert (frozenset(), (), START) == (decision.moves, decision.entries, decision.until)


def test_a_newer_rollout_ends_this_one() -> None:
    """Its start wrote so into the log: no step moves anything more."""
    world = World.of(4, FAST, (3,), ("good",))
    world.log.append(Entry(at=world.now, action="superseded", reason="20261201t000000z"))
    decision = world.decide()[1]
    assert ("ended", frozenset(), ()) == (decision.phase, decision.moves, decision.entries)


def test_the_log_tells_where_each_pointer_is() -> None:
    """From when it is placed; a move that nobody has finished counts from its entry."""
    made = plan(targets(fleet(), dict.fromkeys(("s00", "s01", "s03"), 1)), START, BEFORE)
    log = (
        Entry(at=START, action="moved", kind="forward", sites=("s00", "s01", "unknown")),
        Entry(at=START + 5, action="placed"),
        Entry(at=START + 9, action="moved", kind="back", sites=("s01", "s03")),
    )
    state = state_of(made, log)
    assert {"s00": (START, START + 5), "s01": (START + 3, START + 9), "s02": (1, 0)} == {
        name: (pointer.sequence, pointer.at) for name, pointer in state.pointers.items()
    }
    assert log[2:] == History(log).unplaced
    assert {
        "s00": InForce(release=digest(1), sequence=START, signed=START + 3),
        "s01": InForce(release=digest(0), sequence=START + 3, signed=START + 3),
        "s02": InForce(release=digest(0), sequence=1),
        "s03": InForce(signed=START + 2),
    } == in_force(made, state)


@pytest.mark.parametrize(
    ("on_failure", "phase", "kinds"), [("pause", "paused", set()), ("rollBack", "rolling-back", {"back"})]
)
def test_failures_pause_or_take_back(on_failure: OnFailure, phase: str, kinds: set[str]) -> None:
    """One more than the budget; those that have the release go back at once."""
    world = World.of(5, replace(FAST, on_failure=on_failure), (6,), ("bad",))
    for _ in world.hours(8):
        world.apply(*world.decide())
    decisions = [decision for _, decision in world.decisions if decision.phase == phase]
    assert decisions
    assert kinds == {move.kind for decision in decisions for move in decision.moves}
    assert "failed" in decisions[0].reason


@pytest.mark.parametrize("action", ["resumed", "promoted", "skipped"])
def test_going_on_accepts_the_failed_sites(action: Order) -> None:
    """They count no more; the log names them and the person."""
    world = World.of(6, FAST, (6,), ("bad",))
    for _ in world.hours(10):
        world.apply(*world.decide())
    assert History(tuple(world.log)).pause is not None
    world.order(action)
    accepted = History(tuple(world.log)).accepted
    assert accepted
    assert accepted <= {site.name for site in world.plan.waves[0].sites}
    assert ("ops", "an order") == (world.log[-1].by, world.log[-1].reason)
    assert "paused" != world.decide()[1].phase


def test_an_urgent_fix_opens_all_waves_at_once() -> None:
    """Outside of windows and on frozen days, too; the log keeps who did it, and why."""
    world = World.of(7, replace(FAST, freeze=("2026-01-01..2039-01-01",)), (3, 4), ("good",))
    world.apply(*world.decide())
    assert frozenset() == world.decide()[1].moves
    world.log.append(Entry(at=world.now, action="skipped", by="ops", reason="CVE-2026-0001"))
    assert {Move(site.name, "forward") for site in world.plan.sites} == world.decide()[1].moves
    assert "ended" == world.run(40).phase


def test_a_wave_of_dark_sites_alone_ends_by_itself() -> None:
    """They have their pointers and catch up."""
    world = World.of(8, FAST, (), ("dark",))
    ships = tuple(site for site in world.plan.waves[0].sites if site.link == "dark")
    world.plan = replace(world.plan, waves=(replace(world.plan.waves[0], sites=ships),))
    world.nodes = {site.name: world.nodes[site.name] for site in ships}
    assert ("ended", "done") == (world.run(20).phase, world.log[-1].reason)
    assert {START} == {world.pointers[site.name].sequence for site in ships}
