"""A store and nodes for tests of rollouts: random fleets, outages, failures, lies, orders and steppers."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.fleetfile.waves import WaveSites
from edgefleet.model.rollout import OnFailure, Rollout, Wave
from edgefleet.model.rollout_resource import Targets
from edgefleet.model.updates import Window
from edgefleet.rollout.history import Entry
from edgefleet.rollout.orders import Order, order
from edgefleet.rollout.plan import InForce, Plan, PlannedSite, plan
from edgefleet.rollout.simulation import release_of
from edgefleet.rollout.standing import Pointer, State, in_force, state_of
from edgefleet.rollout.statuses import State as NodeState
from edgefleet.rollout.statuses import Status
from edgefleet.rollout.step import Decision, step
from edgefleet.rollout.targets import targets_of

START = 1_796_000_000
HOUR = 3600
SITES = 24
Kind = Literal["good", "bad", "dark", "liar", "faker", "mistaken"]
WAYS: tuple[OnFailure, ...] = ("pause", "rollBack")
STATES: tuple[NodeState, ...] = get_args(NodeState)
HEAD = """
apiVersion: edgefleet.dev/v1
fleet: retail
region: test
recipe: 1
profiles: {pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi}}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
groups: {shops: {}, ships: {link: {class: dark}}}
"""


def digest(number: int) -> str:
    """The digest of a release."""
    return f"sha256:{number:064x}"


@cache
def fleet() -> Fleet:
    """Some sites in two groups; every third has a dark link, and some are in another time zone."""
    rows = [
        f"  s{number:02}: {{group: {'ships' if number % 3 == 2 else 'shops'},"
        f" timezone: {'Asia/Tokyo' if number % 4 == 0 else 'Europe/Berlin'}}}"
        for number in range(SITES)
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.fleet.yaml")
        path.write_text(HEAD + "sites:\n" + "\n".join(rows))
        return load_fleet(path, Path(folder))


def fleet_of(rollout: Rollout, sizes: tuple[int, ...], chance: random.Random) -> Fleet:
    """The fleet with waves of these sizes and random sites; the rest is in no wave."""
    names = [*fleet().sites]
    chance.shuffle(names)
    waves, begin = [], 0
    for number, size in enumerate(sizes):
        waves.append(WaveSites(name=f"w{number}", sites=tuple(names[begin : begin + size])))
        begin += size
    written = tuple(Wave(name=wave.name) for wave in waves)
    return replace(fleet(), rollout=replace(rollout, waves=written), waves=tuple(waves))


def random_rollout(chance: random.Random, *, has_hours: bool = True) -> Rollout:
    """A policy."""
    windows = (Window(start="22:00", length=300), Window(days=("Sat",), start="06:00", length=600))
    return Rollout(
        bake=chance.choice(("1s", "2h", "9h")),
        healthy=chance.choice(("50%", "80%", "100%")),
        failures=chance.choice(("0", "1", "20%")),
        failures_per_group=chance.choice((None, "1")),
        windows=windows if has_hours and chance.random() < 0.3 else None,
        freeze=("2026-12-01",) if has_hours and chance.random() < 0.2 else None,
        on_failure=chance.choice(WAYS),
        wait_for_dark=chance.choice(("4h", "12h")),
    )


@dataclass(slots=True)
class Node:
    """A site's only node."""

    kind: Kind
    delays: tuple[int, int, int]
    """Hours until it sees a pointer, has fetched the release, and knows whether it is healthy."""
    running: str
    sequence: int = 1
    since: int = 0
    """When it saw the pointer of `sequence`."""
    status: Status | None = None

    def see(self, now: int, pointer: Pointer, release: str, chance: random.Random, of: PlannedSite) -> None:
        """Go on for an hour."""
        if self.kind in {"faker", "mistaken"}:
            self.status = Status("healthy", of.sequence - (self.kind == "mistaken"))
        elif self.kind == "liar":
            sequences = (of.sequence, of.back, of.sequence - 1, 0, 2**40)
            self.status = Status(chance.choice(STATES), chance.choice(sequences))
        elif self.kind != "dark":
            self._go_on(now, pointer, release)

    def _go_on(self, now: int, pointer: Pointer, release: str) -> None:
        seen, fetched, judged = self.delays
        if pointer.sequence > self.sequence and now >= pointer.at + seen * HOUR:
            self.sequence, self.since = pointer.sequence, now
        if self.sequence != pointer.sequence:
            return
        age, state = now - self.since, "healthy"
        if release != self.running and age < fetched * HOUR:
            state = "coming"
        elif release != self.running and age < (fetched + judged) * HOUR:
            state = "applying"
        elif release != self.running and self.kind == "bad" and release == digest(1):
            state = "rolled-back"
        else:
            self.running = release
        words: dict[str, NodeState] = {"coming": "fetching", "applying": "applying", "healthy": "healthy"}
        self.status = Status(words.get(state, "rolled-back"), self.sequence)


def targets(of: Fleet, releases: Mapping[str, int]) -> Targets:
    """What the rollout of releases plans from; the store has ten releases of each site."""
    return targets_of(
        of,
        {
            name: release_of(of.sites[name].nodes, digest(release), *map(digest, range(10)))
            for name, release in releases.items()
        },
    )


@dataclass(slots=True)
class World:
    """A rollout under way."""

    fleet: Fleet
    chance: random.Random
    plan: Plan
    nodes: dict[str, Node]
    pointers: dict[str, Pointer]
    """dict[site -> the pointer in the store]."""
    releases: dict[tuple[str, int], str]
    """dict[(site, sequence) -> release]."""
    log: list[Entry] = field(default_factory=list)
    now: int = START
    decisions: list[tuple[State, Decision]] = field(default_factory=list)

    @classmethod
    def of(cls, seed: int, rollout: Rollout, sizes: tuple[int, ...], kinds: tuple[Kind, ...]) -> "World":
        """A fleet of which each site has a random one of `kinds`, before a rollout of release 1."""
        chance = random.Random(seed)  # noqa: S311 - a test
        within = fleet_of(rollout, sizes, chance)
        nodes = {
            name: Node(
                "dark" if site.link.class_ == "dark" and chance.random() < 0.5 else chance.choice(kinds),
                (chance.randrange(3), chance.randrange(3), chance.randrange(1, 3)),
                digest(0),
            )
            for name, site in within.sites.items()
        }
        before = {name: InForce(release=digest(0), sequence=1, signed=1) for name in within.sites}
        world = cls(
            fleet=within,
            chance=chance,
            plan=plan(targets(within, dict.fromkeys(within.sites, 1)), START, before),
            nodes=nodes,
            pointers={name: Pointer(1, 0) for name in nodes},
            releases={(name, 1): digest(0) for name in nodes},
        )
        world.sign()
        return world

    def sign(self) -> None:
        """Sign the pointers of the plan."""
        signed = {(site.name, of): site.release for site in self.plan.sites for of in site.forward}
        signed |= {(site.name, site.back): site.previous for site in self.plan.sites}
        assert set() == signed.keys() & self.releases.keys()
        self.releases |= signed

    def supersede(self) -> None:
        """Begin a rollout of release 2."""
        before = in_force(self.plan, self.state)
        assert {name: of.sequence for name, of in self.pointers.items()} == {
            name: of.sequence for name, of in before.items()
        }
        releases = targets(self.fleet, dict.fromkeys(self.fleet.sites, 2))
        self.plan = plan(releases, self.now, before, superseded=self.plan)
        self.log = []
        self.sign()

    @property
    def state(self) -> State:
        """What the log tells."""
        return state_of(self.plan, tuple(self.log))

    @property
    def statuses(self) -> dict[str, dict[str, Status]]:
        """What the nodes report."""
        return {name: {"n1": node.status} for name, node in self.nodes.items() if node.status is not None}

    def decide(self) -> tuple[State, Decision]:
        """What a stepper that reads the store now decides."""
        state = self.state
        decision = step(self.plan, state, self.statuses, self.now)
        self.decisions.append((state, decision))
        return state, decision

    def apply(self, state: State, decision: Decision) -> bool:
        """Write it: the log by compare-and-swap, then the pointers. Whether the swap was won."""
        if decision.entries:
            if state.log != tuple(self.log):
                return False
            self.log += decision.entries
        if decision.moves:
            self.place(decision)
            self.log.append(Entry(at=self.now, action="placed"))
        return True

    def place(self, decision: Decision) -> None:
        """Write the pointers, as a stepper does that has won its swap, early or late."""
        sites = {site.name: site for site in self.plan.sites}
        for name, kind in decision.moves:
            sequence = sites[name].back if kind == "back" else sites[name].sequence
            if sequence > self.pointers[name].sequence:
                self.pointers[name] = Pointer(sequence, self.now)

    def order(self, action: Order) -> None:
        """A person orders something."""
        entry = Entry(at=self.now, action="paused", by="ops", reason="an order")
        self.log.append(order(action, self.plan, self.state, self.statuses, entry))

    def hours(self, count: int) -> Iterator[int]:
        """Hours; in each the nodes go on."""
        sites = {site.name: site for site in self.plan.sites}
        for hour in range(count):
            self.now += HOUR
            for name, node in self.nodes.items():
                pointer = self.pointers[name]
                release = self.releases[name, pointer.sequence]
                node.see(self.now, pointer, release, self.chance, sites[name])
            yield hour

    def run(self, count: int) -> Decision:
        """So many hours with one stepper, or until the end of the rollout; the last decision."""
        for _ in self.hours(count):
            state, decision = self.decide()
            self.apply(state, decision)
            if decision.phase == "ended":
                break
        return self.decide()[1]

    def idle(self, count: int) -> None:
        """So many hours in which no stepper runs."""
        for _ in self.hours(count):
            pass
