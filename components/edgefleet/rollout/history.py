"""The log of a rollout: what people ordered and what steps found out, in the order of time. Pure.

Each writer compares and swaps: an entry is appended to the log that its writer has read, or the writer
reads again and decides again. Pointers are moved afterwards: `moved` states which, and `placed` that all of
those before it are where they belong. So the log tells where each pointer is, or is about to be.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.model.names import Name
from edgefleet.model.spec import spec

Kind = Literal["forward", "back"]
Action = Literal[
    "opened",
    "reached",
    "paused",
    "resumed",
    "promoted",
    "skipped",
    "rolledBack",
    "moved",
    "placed",
    "superseded",
    "ended",
]
OF_POINTERS = frozenset({"moved", "placed"})
"""Actions that concern pointers alone."""
Time = Annotated[int, Field(ge=0, lt=2**37)]
"""Seconds since 1970, until the year 6325."""
STEP = "step"
"""Who wrote the entries that no person ordered."""
RELEASING = frozenset({"resumed", "promoted", "skipped"})
"""Orders after which a paused rollout goes on."""


@spec
class Entry:
    """One line of the log."""

    at: Time
    action: Action
    """A wave was opened, or has enough healthy sites; the rollout was paused, resumed, taken back, superseded
    by the rollout that `reason` names, or has ended; the wave was promoted: the next one begins whatever its
    sites report; all waves were opened at once; pointers were moved, or are placed."""
    by: str = STEP
    """Who ordered it."""
    wave: str = ""
    reason: str = ""
    sites: tuple[Name, ...] = ()
    """The failed sites that a person went on with: they count no more. Of `moved`, the sites that were."""
    kind: Kind | None = None
    """Of `moved`, where to."""


@dataclass(frozen=True, slots=True)
class History:
    """What follows from a log."""

    entries: tuple[Entry, ...]

    @property
    def opened(self) -> frozenset[str]:
        """The waves that were opened."""
        return frozenset(entry.wave for entry in self._of("opened"))

    @property
    def promoted(self) -> frozenset[str]:
        """The waves that a person has judged."""
        return frozenset(entry.wave for entry in self._of("promoted"))

    @property
    def reached(self) -> dict[str, int]:
        """dict[wave -> when enough of its sites were healthy for the first time]."""
        times: dict[str, int] = {}
        for entry in self._of("reached"):
            times[entry.wave] = min(entry.at, times.get(entry.wave, entry.at))
        return times

    @property
    def pause(self) -> Entry | None:
        """The entry by which the rollout is paused."""
        held = [entry for entry in self.entries if entry.action == "paused" or entry.action in RELEASING]
        return held[-1] if held and held[-1].action == "paused" else None

    @property
    def accepted(self) -> frozenset[str]:
        """The failed sites in spite of which somebody went on."""
        return frozenset(site for entry in self._of(*RELEASING) for site in entry.sites)

    @property
    def resumed(self) -> int:
        """When somebody went on for the last time: waiting begins again."""
        return max((entry.at for entry in self._of(*RELEASING)), default=0)

    @property
    def skips_waves(self) -> bool:
        """Whether somebody opened all waves at once."""
        return any(True for _ in self._of("skipped"))

    @property
    def way_back(self) -> Entry | None:
        """The entry by which the rollout is taken back."""
        return next(iter(self._of("rolledBack")), None)

    @property
    def end(self) -> Entry | None:
        """The entry by which it has ended; it goes on where somebody takes it back afterwards."""
        ends = [*self._of("ended", "superseded", "rolledBack")]
        return ends[-1] if ends and ends[-1].action != "rolledBack" else None

    @property
    def unplaced(self) -> tuple[Entry, ...]:
        """Moves of pointers of which nobody has stated that they are done."""
        last = max((at for at, entry in enumerate(self.entries) if entry.action == "placed"), default=-1)
        return tuple(entry for entry in self.entries[last + 1 :] if entry.action == "moved")

    def _of(self, *actions: str) -> Iterable[Entry]:
        return (entry for entry in self.entries if entry.action in actions)
