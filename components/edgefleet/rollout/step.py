"""One step of a rollout: a pure decision from plan, pointers, statuses, log and clock.

Anyone may run it, and several at once: two that see the same decide the same, a pointer only ever moves to a
higher sequence, and what a step writes twice counts once. The order of writing is: the entries of the log by
compare-and-swap, the moves among them, then the pointers; a step that loses the swap moves nothing.

How many sites can fail: a step that sees more failures in a wave than its budget moves no further site. So at
the end the failed sites of a wave are at most its budget plus those that were on their way, moved but neither
healthy nor failed, after the last step that moved one; and plus those that were healthy and failed later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from edgefleet.rollout.history import Entry, History, Kind
from edgefleet.rollout.plan import Pace, Plan, PlannedWave
from edgefleet.rollout.standing import Standing, State, counted, opens_at, position, standing
from edgefleet.rollout.statuses import Statuses, verdict

Phase = Literal["running", "paused", "rolling-back", "ended"]


class Move(NamedTuple):
    """A pointer that is put in place: the one that is signed for this site and way."""

    site: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a step decides."""

    phase: Phase
    reason: str
    """Why nothing more happens now: ``waiting for 3 sites of the wave canary``."""
    until: int | None = None
    """When another step decides something else though no site reports anything; seconds since 1970."""
    moves: frozenset[Move] = frozenset()
    entries: tuple[Entry, ...] = ()
    """To append to the log before anything is moved; the moves are among them."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a step looks at."""

    plan: Plan
    state: State
    statuses: Statuses
    now: int
    """Seconds since 1970."""
    history: History

    def standing(self, wave: PlannedWave) -> Standing:
        """How far a wave is."""
        return standing(wave, self.state, self.statuses, self.history, self.now)

    def entry(
        self,
        action: Literal["opened", "reached", "paused", "rolledBack", "ended"],
        *,
        wave: str = "",
        reason: str = "",
    ) -> Entry:
        """A line of the log, of this step."""
        return Entry(at=self.now, action=action, wave=wave, reason=reason)

    def moved(self, kind: Kind, sites: Iterable[str]) -> tuple[Entry, ...]:
        """The line of the log that states the moves of `sites`; none without any."""
        names = tuple(sorted(sites))
        return (Entry(at=self.now, action="moved", kind=kind, sites=names),) if names else ()


def step(plan: Plan, state: State, statuses: Statuses, now: int) -> Decision:
    """What to do now.

    Args:
        plan: the rollout.
        state: where its pointers are, and its log.
        statuses: dict[site -> dict[node -> status]], of the sites that have any.
        now: seconds since 1970.
    """
    seen = Situation(plan, state, statuses, now, History(state.log))
    history = seen.history
    if history.end is not None:
        return Decision(phase="ended", reason=history.end.reason)
    if now < plan.started:
        reason = "the clock of this machine is before the start of the rollout"
        return Decision(phase="running", reason=reason, until=plan.started)
    if history.way_back is not None:
        return _rolled_back(seen, history.way_back.reason)
    if history.pause is not None:
        return Decision(phase="paused", reason=history.pause.reason)
    return _onward(seen)


def _onward(seen: Situation) -> Decision:
    waves = seen.plan.waves
    opened = [wave for wave in waves if seen.history.skips_waves or wave.name in seen.history.opened]
    standings = [(wave, seen.standing(wave)) for wave in opened]
    for wave, found in standings:
        if excess := found.excess(wave):
            return _stop(seen, wave.pace, excess)
    current = standings if seen.history.skips_waves else standings[-1:]
    entries: list[Entry] = []
    for wave, found in current:
        decision = _judged(seen, wave, found)
        if decision is not None and decision.phase != "running":
            return decision
        if decision is not None:
            return _moving(seen, opened, decision)
        entries += _reached(seen, wave)
    return _next(seen, opened, tuple(entries))


def _next(seen: Situation, opened: list[PlannedWave], entries: tuple[Entry, ...]) -> Decision:
    """The current wave has passed: open the next one, or end."""
    waves = seen.plan.waves
    if len(opened) < len(waves):
        wave = waves[len(opened)]
        entries = (*entries, seen.entry("opened", wave=wave.name))
        decision = Decision(phase="running", reason=f"the wave {wave.name} begins", entries=entries)
        return _moving(seen, [*opened, wave], decision)
    left = _moving(seen, opened, Decision(phase="running", reason="", entries=entries))
    waiting = sum(len(seen.standing(wave).unmoved) for wave in opened)
    if waiting:
        reason = f"waiting for the hours of {counted(waiting)}"
        return Decision(
            phase="running", reason=reason, until=left.until, moves=left.moves, entries=left.entries
        )
    return _end(seen, "done", entries)


def _reached(seen: Situation, wave: PlannedWave) -> tuple[Entry, ...]:
    """That a wave has enough healthy sites, where the log does not have it yet."""
    is_known = wave.name in seen.history.reached or wave.name in seen.history.promoted
    return () if is_known or seen.history.skips_waves else (seen.entry("reached", wave=wave.name),)


def _judged(seen: Situation, wave: PlannedWave, found: Standing) -> Decision | None:
    """What a wave waits for, or that it is stopped; `None` where the next one may begin."""
    if wave.name in seen.history.promoted:
        return None
    needed = found.needed(wave.pace.healthy)
    healthy = f"{len(found.healthy):,} of {needed:,} sites of the wave {wave.name} are healthy"
    if not found.is_met(wave.pace.healthy):
        if not found.coming:
            least = "" if found.judged else ", and no other has begun"
            return _stop(seen, wave.pace, healthy + least)
        reason = f"{healthy}: waiting for {counted(found.coming)}"
        return Decision(phase="running", reason=reason, until=found.changes)
    end = seen.history.reached.get(wave.name, seen.now) + wave.pace.bake
    if seen.now < end and not seen.history.skips_waves:
        reason = f"the wave {wave.name} is healthy and is watched"
        return Decision(phase="running", reason=reason, until=end, entries=_reached(seen, wave))
    return None


def _moving(seen: Situation, opened: list[PlannedWave], decision: Decision) -> Decision:
    """`decision` with the pointers of opened waves that may move now."""
    moves: set[Move] = set()
    times = set() if decision.until is None else {decision.until}
    for wave in opened:
        for site in wave.sites:
            if position(site, seen.state.pointers.get(site.name)) == "before":
                at = seen.now if seen.history.skips_waves else opens_at(site, wave, seen.now)
                if at == seen.now:
                    moves.add(Move(site.name, "forward"))
                else:
                    times.add(at)
    later = [at for at in times if at > seen.now]
    return Decision(
        phase=decision.phase,
        reason=decision.reason,
        until=min(later, default=None),
        moves=frozenset(moves),
        entries=(*decision.entries, *seen.moved("forward", (move.site for move in moves))),
    )


def _stop(seen: Situation, pace: Pace, reason: str) -> Decision:
    """Too many sites failed, or too few are healthy."""
    if pace.on_failure == "rollBack":
        return _rolled_back(seen, reason, (seen.entry("rolledBack", reason=reason),))
    return Decision(phase="paused", reason=reason, entries=(seen.entry("paused", reason=reason),))


def _rolled_back(seen: Situation, reason: str, entries: tuple[Entry, ...] = ()) -> Decision:
    """All sites that have the release go back at once, whatever the hour; then the rollout ends."""
    moves: set[Move] = set()
    waiting: list[int] = []
    stranded = 0
    for wave in seen.plan.waves:
        for site in wave.sites:
            pointer = seen.state.pointers.get(site.name)
            where = position(site, pointer)
            stranded += where == "forward" and not site.back
            if where == "forward" and site.back:
                moves.add(Move(site.name, "back"))
            elif where == "back" and pointer is not None:
                end = min(pointer.at, seen.now) + wave.pace.wait_for_dark
                sequences = range(site.back, site.back + 1)
                reported = verdict(seen.statuses.get(site.name, {}), site.nodes, sequences)
                if reported not in {"healthy", "failed"} and seen.now < end:
                    waiting.append(end)
    if not moves and not waiting:
        lost = f"; {counted(stranded)} had no way back" if stranded else ""
        return _end(seen, f"rolled back: {reason}{lost}", entries)
    return Decision(
        phase="rolling-back",
        reason=reason,
        until=min(waiting, default=None),
        moves=frozenset(moves),
        entries=(*entries, *seen.moved("back", (move.site for move in moves))),
    )


def _end(seen: Situation, reason: str, entries: tuple[Entry, ...] = ()) -> Decision:
    return Decision(phase="ended", reason=reason, entries=(*entries, seen.entry("ended", reason=reason)))
