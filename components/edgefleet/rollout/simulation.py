"""Plays a rollout over a model of the fleet, in simulated time, with the decisions of the real one. Pure.

The same seed, start and fleet file give the same result.
"""

import heapq
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.rollout.history import OF_POINTERS, Entry, History
from edgefleet.rollout.link_model import SiteModel
from edgefleet.rollout.plan import InForce, Plan, PlannedSite, plan
from edgefleet.rollout.standing import State, standing, state_of
from edgefleet.rollout.statuses import State as NodeState
from edgefleet.rollout.statuses import Status
from edgefleet.rollout.step import Decision, Move, step
from edgefleet.rollout.targets import targets_of

OLD, NEW = f"sha256:{'0' * 64}", f"sha256:{'1' * 64}"
BETWEEN = 15 * 60
"""Seconds between two steps, as a schedule runs them."""
DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a simulation assumes."""

    seed: int = 0
    days: int = 60
    fail: float = 0.0
    """Share of sites at which the release does not become healthy, 0 to 1."""
    size: int = 50_000_000
    """Bytes that each site downloads."""
    start: int = 0
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveResult:
    """What became of a wave."""

    name: str
    sites: int
    opened: int | None = None
    """Seconds after the start; `None` for never."""
    passed: int | None = None
    """When the next wave began, or the rollout ended."""
    healthy: int = 0
    failed: int = 0
    open: int = 0
    """On their way, those that the wave no longer waits for among them."""
    size: int = 0
    """Bytes that its sites downloaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a simulation."""

    settings: Settings
    waves: tuple[WaveResult, ...]
    log: tuple[Entry, ...]
    """With times in seconds since 1970, and without moves of pointers."""
    end: Decision
    """The last decision."""
    seconds: int
    """Simulated."""


@dataclass(slots=True)
class Run:
    """The simulated store and nodes."""

    plan: Plan
    settings: Settings
    models: dict[str, SiteModel]
    state: State
    statuses: dict[str, dict[str, Status]] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    events: list[tuple[int, str, NodeState, int]] = field(default_factory=list)
    """A heap of (time, site, state, sequence of the pointer that it is about)."""
    fetched: Counter[str] = field(default_factory=Counter)
    """Counter[site -> bytes]."""

    def play(self) -> tuple[Decision, int]:
        """The last decision, and when it fell."""
        sites = {site.name: site for site in self.plan.sites}
        now, last = self.settings.start, self.settings.start + self.settings.days * DAY
        while True:
            self._report(sites, now)
            decision = step(self.plan, self.state, self.statuses, now)
            self.log += decision.entries
            if decision.moves:
                self.log.append(Entry(at=now, action="placed"))
            self.state = state_of(self.plan, tuple(self.log))
            for move in sorted(decision.moves):
                self._move(sites[move.site], move, now)
            if decision.phase in {"ended", "paused"}:
                return decision, now
            times = [*(event[0] for event in self.events[:1]), *filter(None, [decision.until])]
            if not times or min(times) > last:
                self._report(sites, last)
                return step(self.plan, self.state, self.statuses, last), last
            now += max(1, -(-(min(times) - now) // BETWEEN)) * BETWEEN

    def _report(self, sites: dict[str, PlannedSite], now: int) -> None:
        """Take in what nodes reported until now."""
        while self.events and self.events[0][0] <= now:
            _, name, state, sequence = heapq.heappop(self.events)
            site = sites[name]
            if self.state.pointers[name].sequence == sequence:
                self.statuses[name] = dict.fromkeys(site.nodes, Status(state, sequence))
                if state == "applying" and sequence != site.back:
                    self.fetched[name] += self.settings.size

    def _move(self, site: PlannedSite, move: Move, now: int) -> None:
        is_back = move.kind == "back"
        sequence = site.back if is_back else site.sequence
        draw = random.Random(f"{self.settings.seed}/{site.name}/fails").random()  # noqa: S311 - a simulation
        course = self.models[site.name].course(
            now,
            0 if is_back else self.settings.size,
            is_failing=draw < self.settings.fail and not is_back,
        )
        for at, state in course:
            heapq.heappush(self.events, (at, site.name, state, sequence))


def release_of(nodes: Iterable[str], digest: str, *earlier: str) -> dict[str, Any]:
    """The output of a site's resource for a made-up release, and for those before it."""
    bundles = {node: {"ciphertext": "0" * 64, "size": 1, "part": "0" * 64} for node in nodes}
    return {
        "digest": digest,
        "bundles": bundles,
        "earlier": earlier,
        "earlierBundles": dict.fromkeys(earlier, bundles),
    }


def simulate(fleet: Fleet, settings: Settings) -> Result:
    """A rollout of a new release to all sites of `fleet`."""
    before = {name: InForce(release=OLD, sequence=1, signed=1) for name in fleet.sites}
    releases = {name: release_of(site.nodes, NEW, OLD) for name, site in fleet.sites.items()}
    planned = plan(targets_of(fleet, releases), settings.start, before)
    models = {
        name: SiteModel(name, site.link.class_, site.link.down, settings.seed, settings.start)
        for name, site in fleet.sites.items()
    }
    run = Run(planned, settings, models, state_of(planned, ()))
    decision, now = run.play()
    return Result(
        settings=settings,
        waves=_waves(run, now),
        log=tuple(entry for entry in run.log if entry.action not in OF_POINTERS),
        end=decision,
        seconds=now - settings.start,
    )


def _waves(run: Run, now: int) -> tuple[WaveResult, ...]:
    history = History(tuple(run.log))
    begun = {entry.wave: entry.at - run.settings.start for entry in run.log if entry.action == "opened"}
    ended = history.end.at - run.settings.start if history.end else None
    names = [wave.name for wave in run.plan.waves]
    results = []
    for index, wave in enumerate(run.plan.waves):
        found = standing(wave, run.state, run.statuses, history, now)
        following = begun.get(names[index + 1]) if index + 1 < len(names) else ended
        results.append(
            WaveResult(
                name=wave.name,
                sites=len(wave.sites),
                opened=begun.get(wave.name),
                passed=following,
                healthy=len(found.healthy),
                failed=len(found.failed),
                open=len(found.open) + len(found.dark) + len(found.stuck) + len(found.unmoved),
                size=sum(run.fetched[site.name] for site in wave.sites),
            )
        )
    return tuple(results)
