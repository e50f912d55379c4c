"""Properties of a rollout over random histories: few here, ten thousand of each in the tier of faults.

A history is a random fleet, policy and behaviour of nodes; its seed names it.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.rollout.world import Kind, World, digest, random_rollout

from edgefleet.model.rollout import Rollout
from edgefleet.rollout.history import Entry, History
from edgefleet.rollout.orders import Order
from edgefleet.rollout.plan import PlannedWave
from edgefleet.rollout.standing import position
from edgefleet.rollout.statuses import verdict

GOING_ON: tuple[Order, ...] = ("resumed", "promoted", "skipped")
FEW, MANY = 100, 10_000
ENOUGH = 24 * 21
"""Hours after which each rollout without an end waits for a person."""
ANY: tuple[Kind, ...] = ("good", "good", "good", "good", "bad", "dark", "liar")


def world_of(seed: int, kinds: tuple[Kind, ...] = ANY, **policy: Any) -> World:
    """A random history before its first step."""
    chance = random.Random(f"world {seed}")  # noqa: S311 - a test
    rollout = Rollout(**{**_values(random_rollout(chance, has_hours=not policy)), **policy})
    sizes = tuple(chance.randrange(1, 8) for _ in range(chance.randrange(4)))
    return World.of(seed, rollout, sizes, kinds)


def _values(rollout: Rollout) -> dict[str, Any]:
    return {name: getattr(rollout, name) for name in Rollout.__dataclass_fields__}


def failed(world: World, wave: PlannedWave) -> int:
    """Sites of a wave that report now that the release failed."""
    return sum(reported(world, wave, "failed"))


def in_flight(world: World, wave: PlannedWave) -> int:
    """Sites of a wave that have moved and report neither that they are healthy nor that they failed."""
    return sum(reported(world, wave, "silent", "coming", "applying"))


def reported(world: World, wave: PlannedWave, *verdicts: str) -> list[bool]:
    """Of each moved site of a wave, whether it reports one of `verdicts`."""
    statuses = world.statuses
    return [
        verdict(statuses.get(site.name, {}), site.nodes, site.forward) in verdicts
        for site in wave.sites
        if position(site, world.pointers[site.name]) == "forward"
    ]


def check_budget(seed: int) -> None:
    """A step that sees too many failures moves nothing more: budget plus what was on its way is the most."""
    world = world_of(seed, ("good", "bad", "good", "dark"), on_failure="pause")
    most: dict[str, int] = {}
    too_many = []
    for hour in world.hours(ENOUGH):
        state, decision = world.decide()
        if decision.moves:
            too_many += [(hour, w.name) for w in world.plan.waves if failed(world, w) > w.pace.failures]
        world.apply(state, decision)
        if decision.phase != "running":
            break
        if decision.moves:
            most = {wave.name: wave.pace.failures + in_flight(world, wave) for wave in world.plan.waves}
    world.idle(10)
    assert [] == too_many
    ends = {wave.name: failed(world, wave) for wave in world.plan.waves}
    assert {} == {name: (count, most[name]) for name, count in ends.items() if count > most[name]}
    assert world.plan.waves


def check_dark(seed: int) -> None:
    """Sites out of reach, and one liar in each wave, delay a wave by `waitForDark` at most."""
    policy: dict[str, Any] = {
        "healthy": "50%",
        "failures": "1",
        "failures_per_group": None,
        "wait_for_dark": "12h",
    }
    world = world_of(seed, ("good", "dark"), windows=(), freeze=(), bake="2h", **policy)
    for wave in world.plan.waves:
        lit = [site.name for site in wave.sites if site.link != "dark"]
        kinds: tuple[Kind, ...] = ("good", "good", "good", "good", "liar")
        for name, kind in zip(lit, kinds, strict=False):
            world.nodes[name].kind = kind
    if any(0 < sum(site.link != "dark" for site in wave.sites) < 2 for wave in world.plan.waves):
        return  # one site alone proves nothing, and a person decides
    decision = world.run(len(world.plan.waves) * (12 + 2 + 6 + 3))
    assert ("ended", "done") == (decision.phase, decision.reason)


def check_liar(seed: int) -> None:
    """One site that lies opens no wave where no other runs the release."""
    world = world_of(seed, ("dark",), windows=(), freeze=())
    first = world.plan.waves[0]
    lit = [site.name for site in first.sites if site.link != "dark"]
    if len(lit) < 2 or len(world.plan.waves) < 2:
        return
    world.nodes[lit[0]].kind = world.chance.choice(("liar", "faker"))
    world.nodes[lit[1]].kind = "mistaken"
    world.run(72)
    assert {first.name} == History(tuple(world.log)).opened
    others = [site.name for wave in world.plan.waves[1:] for site in wave.sites]
    assert {1} == {world.pointers[name].sequence for name in others}


def check_newest(seed: int) -> None:
    """Every healthy site in reach ends on the newest release, also where a newer one supersedes the first."""
    world = world_of(seed, ("good", "good", "bad", "dark"))
    before = world.chance.randrange(48)
    world.run(before)
    world.supersede()
    phase = world.run(ENOUGH).phase
    for _ in range(9):
        if phase == "paused":  # a whole wave is out of reach
            world.order("promoted")
            phase = world.run(ENOUGH // 4).phase
    world.idle(10)
    assert "ended" == phase
    if History(tuple(world.log)).way_back is None:
        assert {digest(2)} >= {node.running for node in world.nodes.values() if node.kind in {"good", "bad"}}
        assert {digest(2)} == {world.releases[name, of.sequence] for name, of in world.pointers.items()}


def check_pause(seed: int) -> None:
    """No step that reads the order moves anything, until somebody goes on."""
    world = world_of(seed, ("good", "bad", "dark", "liar"))
    at, until = world.chance.randrange(30), world.chance.randrange(30, 60)
    orders: dict[int, Order] = {at: "paused", until: world.chance.choice(GOING_ON)}
    for hour in world.hours(90):
        stale = world.decide()
        if hour in orders and History(tuple(world.log)).end is None:
            world.order(orders[hour])
        world.apply(*stale)
        world.apply(*world.decide())
    paused = [of for state, of in world.decisions if History(state.log).pause and not _is_over(state.log)]
    assert {(frozenset(), ())} >= {(decision.moves, decision.entries) for decision in paused}
    last = [of for state, of in world.decisions if state.log and state.log[-1].by == "ops"]
    assert last or History(tuple(world.log)).end


def _is_over(log: tuple[Entry, ...]) -> bool:
    history = History(log)
    return history.end is not None or history.way_back is not None


def check_two_steppers(seed: int) -> None:
    """Two that see the same decide the same; a slow one that writes late moves no pointer back."""
    one, two = world_of(seed, ("good", "bad", "dark")), world_of(seed, ("good", "bad", "dark"))
    lower, different = [], []
    slow = two.decide()
    for _ in zip(one.hours(200), two.hours(200), strict=True):
        before = {name: pointer.sequence for name, pointer in two.pointers.items()}
        one.apply(*one.decide())
        first, second = two.decide(), two.decide()
        different += [(first, second)] if first != second else []
        two.apply(*first)
        two.apply(*second)
        two.apply(*slow)
        two.place(slow[1])
        lower += [name for name, sequence in before.items() if two.pointers[name].sequence < sequence]
        slow = first
    assert ([], []) == (lower, different)
    assert one.log == two.log
    assert one.pointers == two.pointers


def check_way_back(seed: int) -> None:
    """After the order to go back, every pointer leads to where the rollout began, and so runs every node."""
    world = world_of(seed, ("good", "bad", "dark", "liar"))
    world.run(world.chance.randrange(60))
    if History(tuple(world.log)).end is None:
        world.order("rolledBack")
    is_done = History(tuple(world.log)).way_back is None
    assert "ended" == world.run(40).phase
    world.idle(10)
    if not is_done:
        assert {digest(0)} == {world.releases[name, of.sequence] for name, of in world.pointers.items()}
        assert {digest(0)} == {node.running for node in world.nodes.values()}


CHECKS: tuple[Callable[[int], None], ...] = (
    check_budget,
    check_dark,
    check_liar,
    check_newest,
    check_pause,
    check_two_steppers,
    check_way_back,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_in_few_histories(check: Callable[[int], None]) -> None:
    """The same ones in each run."""
    for seed in range(FEW):
        check(seed)


@pytest.mark.faults
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_in_many_histories(check: Callable[[int], None]) -> None:
    """Ten thousand of each property."""
    for seed in range(FEW, FEW + MANY):
        check(seed)


def test_most_histories_reach_the_end_of_a_check() -> None:
    """The conditions of the checks leave enough of them, with each outcome."""
    ends = [world_of(seed).run(100).phase for seed in range(FEW)]
    assert {"paused", "ended"} <= {*ends}
