"""How far a wave is: which of its sites are healthy, failed, on their way, or out of reach. Pure.

A site counts from when it begins to apply the release: before, the release cannot have broken it. One that
does not begin within `waitForDark` counts neither way; one that begins and reports nothing more is not
healthy.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from edgefleet.rollout.history import Entry, History
from edgefleet.rollout.hours import opening
from edgefleet.rollout.plan import InForce, Plan, PlannedSite, PlannedWave
from edgefleet.rollout.statuses import Statuses, verdict

EVIDENCE = 2
"""Sites that must be judged before the next wave begins, where a wave has so many that are not dark: one
alone may lie."""
Position = Literal["before", "forward", "back"]


@dataclass(frozen=True, slots=True)
class Pointer:
    """What leads a site to a release."""

    sequence: int
    at: int
    """When it was put into the store; seconds since 1970, and 0 where a former rollout did."""


NONE = Pointer(0, 0)


@dataclass(frozen=True, slots=True)
class State:
    """How far a rollout is."""

    pointers: Mapping[str, Pointer]
    """dict[site -> its pointer]; sites without one are missing."""
    log: tuple[Entry, ...]


def state_of(plan: Plan, log: tuple[Entry, ...]) -> State:
    """Where the pointers of a rollout are, by its log: no pointer is read.

    The time of a pointer is that of the entry that states that it is placed, or of its move until then.
    """
    pointers = {name: Pointer(of.sequence, 0) for name, of in plan.before.items() if of.sequence}
    sites = {site.name: site for site in plan.sites}
    at = 0
    for entry in reversed(log):
        at = entry.at if entry.action == "placed" else at
        for name in entry.sites if entry.action == "moved" else ():
            site = sites.get(name)
            sequence = 0 if site is None else site.back if entry.kind == "back" else site.sequence
            if sequence > pointers.get(name, NONE).sequence:
                pointers[name] = Pointer(sequence, at or entry.at)
    return State(pointers, log)


def in_force(plan: Plan, state: State) -> dict[str, InForce]:
    """dict[site -> what leads it to a release now], of all sites that ever had a pointer signed."""
    found = {**plan.before}
    for site in plan.sites:
        where = position(site, state.pointers.get(site.name))
        before = found.get(site.name, InForce(key_generation=site.key_generation))
        if where == "before":
            now = before
        elif where == "back":
            now = InForce(release=site.previous, sequence=site.back, digest=site.back_digest)
        else:
            now = InForce(release=site.release, sequence=site.sequence, digest=site.digest)
        generation = before.key_generation if where == "before" else site.key_generation
        found[site.name] = replace(now, signed=max(before.signed, site.signed), key_generation=generation)
    return found


def position(site: PlannedSite, pointer: Pointer | None) -> Position:
    """Where a site's pointer is: before this rollout, or on its way forward or back."""
    if pointer is None or pointer.sequence < site.sequence:
        return "before"
    return "back" if site.back and pointer.sequence >= site.back else "forward"


@dataclass(slots=True, kw_only=True)
class Standing:
    """The sites of a wave, each in one of these; those that somebody accepted as failed are in none."""

    healthy: list[PlannedSite]
    failed: list[PlannedSite]
    stuck: list[PlannedSite]
    """Began to apply the release, and reported nothing more in time."""
    open: list[PlannedSite]
    """On their way."""
    dark: list[PlannedSite]
    """Did not begin in time."""
    unmoved: list[PlannedSite]
    """Their pointers have not moved yet."""
    lit: int = 0
    """Sites whose link is not dark."""
    changes: int | None = None
    """When this changes by time alone, seconds since 1970; `None` for never."""

    @property
    def judged(self) -> int:
        """Sites that the release has worked at, or not."""
        return len(self.healthy) + len(self.failed) + len(self.stuck)

    @property
    def coming(self) -> int:
        """Sites that may be judged yet."""
        return len(self.open) + len(self.unmoved)

    def needed(self, share: int) -> int:
        """How many must be healthy, at `share` percent, rounded up."""
        return -(-share * (self.judged + self.coming) // 100)

    def is_met(self, share: int) -> bool:
        """Whether enough are healthy, whatever those that are coming report."""
        has_evidence = self.judged >= min(EVIDENCE, self.lit)
        return has_evidence and len(self.healthy) >= self.needed(share)

    def excess(self, wave: PlannedWave) -> str:
        """Why the failures are too many; empty where they are not."""
        if len(self.failed) > wave.pace.failures:
            return f"{self._named()} of the wave {wave.name}: its budget is {wave.pace.failures}"
        groups = Counter(site.group for site in self.failed)
        for group, budget in sorted(wave.pace.failures_per_group.items()):
            if groups[group] > budget:
                failed = f"{counted(groups[group])} of the group {group} failed"
                return f"{failed} in the wave {wave.name}: its budget there is {budget}"
        return ""

    def _named(self) -> str:
        """``3 sites failed (a, b, c)``."""
        names = sorted(site.name for site in self.failed)
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""  # noqa: PLR2004 - names
        return f"{counted(len(names))} failed ({', '.join(names[:3])}{more})"


def counted(count: int) -> str:
    """``1 site``, ``1,000 sites``."""
    return f"{count:,} site{'' if count == 1 else 's'}"


def standing(wave: PlannedWave, state: State, statuses: Statuses, history: History, now: int) -> Standing:
    """How far a wave is."""
    found = Standing(healthy=[], failed=[], stuck=[], open=[], dark=[], unmoved=[])
    accepted, resumed = history.accepted, history.resumed
    for site in wave.sites:
        if site.name in accepted:
            continue
        found.lit += site.link != "dark"
        pointer = state.pointers.get(site.name)
        where = position(site, pointer)
        if pointer is None or where == "before":
            found.unmoved.append(site)
            _note(found, opens_at(site, wave, now))
        elif where == "forward":
            reported = verdict(statuses.get(site.name, {}), site.nodes, site.forward)
            end = max(min(pointer.at, now), resumed) + wave.pace.wait_for_dark
            if reported in {"healthy", "failed"}:
                (found.healthy if reported == "healthy" else found.failed).append(site)
            elif now < end:
                found.open.append(site)
                _note(found, end)
            else:
                (found.stuck if reported == "applying" else found.dark).append(site)
    return found


def _note(found: Standing, at: int) -> None:
    found.changes = at if found.changes is None else min(at, found.changes)


def opens_at(site: PlannedSite, wave: PlannedWave, now: int) -> int:
    """When the pointer of a site may move: `now`, or later."""
    if not (wave.pace.windows or wave.pace.freeze):
        return now
    return opening(now, site.timezone, wave.pace.windows, wave.pace.freeze)
