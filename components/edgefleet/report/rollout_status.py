"""A rollout as a person and a program see it: its waves, what it waits for, and its log. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from edgefleet.model.spec import to_plain
from edgefleet.model.syntax import few
from edgefleet.report.human import counted
from edgefleet.report.layout import listed, spread, wrapped
from edgefleet.rollout.history import OF_POINTERS, STEP, Entry, History
from edgefleet.rollout.hours import NEVER
from edgefleet.rollout.plan import Plan, PlannedWave
from edgefleet.rollout.standing import Standing, State, position, standing
from edgefleet.rollout.statuses import Statuses
from edgefleet.rollout.step import Decision, step

TITLES = ("sites", "moved", "healthy", "failed", "open", "back")
NAME = 14
"""Columns of a wave's name."""
WIDTH = 8
MOST = 5
"""Names of sites in an entry of the log."""
NOT_OPENED, OPEN, WATCHED, PASSED = "not opened", "open", "watched", "passed"
PHASES = {"running": "running", "paused": "PAUSED", "rolling-back": "going BACK", "ended": "ended"}
WORDS = {
    "opened": "opened",
    "reached": "has enough healthy sites",
    "paused": "PAUSED",
    "resumed": "resumed",
    "promoted": "promoted",
    "skipped": "all waves opened at once",
    "rolledBack": "taken BACK",
    "superseded": "superseded by the rollout",
    "ended": "ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A rollout at a time."""

    id: str
    plan: Plan
    state: State
    statuses: Statuses
    now: int
    """Seconds since 1970."""

    @property
    def decision(self) -> Decision:
        """What a step would decide now."""
        return step(self.plan, self.state, self.statuses, self.now)

    @property
    def history(self) -> History:
        """What follows from the log."""
        return History(self.state.log)

    @property
    def waves(self) -> Iterator["WaveView"]:
        """The waves."""
        history = self.history
        opened = [history.skips_waves or wave.name in history.opened for wave in self.plan.waves]
        for wave, is_open, is_next_open in zip(self.plan.waves, opened, [*opened, False][1:], strict=True):
            found = standing(wave, self.state, self.statuses, history, self.now)
            phase = NOT_OPENED
            if is_open:
                is_over = is_next_open or (history.end is not None and history.way_back is None)
                phase = PASSED if is_over else WATCHED if wave.name in history.reached else OPEN
            yield WaveView(wave=wave, phase=phase, standing=found, back=_back(wave, self.state))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveView:
    """A wave at a time."""

    wave: PlannedWave
    phase: str
    standing: Standing
    back: int
    """Sites that went back."""

    @property
    def counts(self) -> dict[str, int]:
        """dict[title -> sites]."""
        found = self.standing
        return {
            "sites": len(self.wave.sites),
            "moved": len(self.wave.sites) - len(found.unmoved) - self.back,
            "healthy": len(found.healthy),
            "failed": len(found.failed),
            "open": len(found.open) + len(found.dark) + len(found.stuck),
            "back": self.back,
        }


def _back(wave: PlannedWave, state: State) -> int:
    return sum(position(site, state.pointers.get(site.name)) == "back" for site in wave.sites)


def lines(view: View) -> Iterator[Text]:
    """The rollout in 80 columns."""
    decision = view.decision
    title = f"{view.plan.fleet} / {view.plan.region}"
    yield Text(spread((title, f"rollout {view.id}", PHASES[decision.phase])), "bold")
    yield from wrapped(f"  {explained(decision)}")
    yield Text()
    yield Text(_row("wave", TITLES) + "  state", "bold")
    for of in view.waves:
        yield Text(_row(of.wave.name, (f"{count:,}" for count in of.counts.values())) + f"  {of.phase}")
    for of in view.waves:
        for word, sites in (("failed", of.standing.failed), ("silent since they began", of.standing.stuck)):
            if sites:
                yield Text()
                yield Text(f"{word}: {counted(len(sites), 'site')} of the wave {of.wave.name}")
                yield from listed((site.name for site in sites), indent=2)


def explained(decision: Decision) -> str:
    """Why nothing more happens now, and until when."""
    if decision.until is None or decision.until >= NEVER:
        return decision.reason
    return f"{decision.reason}, until {time(decision.until)} at the latest"


def document(view: View) -> dict[str, Any]:
    """The rollout for programs; times are seconds since 1970."""
    decision = view.decision
    return {
        "fleet": view.plan.fleet,
        "region": view.plan.region,
        "rollout": view.id,
        "started": view.plan.started,
        "phase": decision.phase,
        "reason": decision.reason,
        "until": decision.until,
        "waves": [
            {
                "name": of.wave.name,
                "phase": of.phase,
                "budget": of.wave.pace.failures,
                **of.counts,
                "failedSites": [site.name for site in of.standing.failed],
                "silentSites": [site.name for site in of.standing.stuck],
            }
            for of in view.waves
        ],
    }


def log(entries: Iterable[Entry]) -> Iterator[Text]:
    """A log, an entry a line; that pointers are placed is left out."""
    for entry in entries:
        if entry.action != "placed":
            yield from wrapped(f"{time(entry.at)}  {sentence(entry)}")


def sentence(entry: Entry) -> str:
    """``wave canary opened``, ``PAUSED by ops: looks slow``."""
    if entry.action == "moved":
        return f"{counted(len(entry.sites), 'site')} moved {entry.kind}: {few(entry.sites, MOST)}"
    what = f"wave {entry.wave} {WORDS[entry.action]}" if entry.wave else WORDS[entry.action]
    if entry.action == "superseded":
        return f"{what} {entry.reason}"
    who = "" if entry.by == STEP else f" by {entry.by}"
    failed = f"; in spite of {few(entry.sites, MOST)}" if entry.sites else ""
    return f"{what}{who}{entry.reason and f': {entry.reason}'}{failed}"


def history(rollout: str, plan: Plan, entries: tuple[Entry, ...]) -> dict[str, Any]:
    """A log for programs; times are seconds since 1970."""
    return {
        "fleet": plan.fleet,
        "region": plan.region,
        "rollout": rollout,
        "started": plan.started,
        "log": [to_plain(entry) for entry in entries],
    }


def done(entries: Iterable[Entry]) -> dict[str, Any]:
    """What a step did, for programs."""
    moves = [entry for entry in entries if entry.action == "moved"]
    return {
        "moved": [{"site": site, "kind": entry.kind} for entry in moves for site in entry.sites],
        "entries": [to_plain(entry) for entry in entries if entry.action not in OF_POINTERS],
    }


def time(at: int) -> str:
    """``2026-11-30 18:45 UTC``."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def _row(name: str, cells: Iterable[str]) -> str:
    shown = name if len(name) <= NAME else name[: NAME - 3] + "..."
    return f"{shown:<{NAME}}" + "".join(f" {cell:>{WIDTH}}" for cell in cells)
