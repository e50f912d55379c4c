"""How a change reaches the sites of a region: in which order, how fast, and what stops it.

Nothing of this enters an image or a release: a change of it has no effect on a node.
"""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from edgefleet.model.names import Name
from edgefleet.model.quantities import written_number
from edgefleet.model.schedules import Duration
from edgefleet.model.selection import Selection
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar, shown, wrong
from edgefleet.model.updates import Window

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
OnFailure = Literal["pause", "rollBack"]


def days_of(text: str) -> tuple[date, date]:
    """The first and the last day of ``2026-12-24``, or of ``2026-12-20..2027-01-06``.

    Raises:
        ValueError: there is no such day.
    """
    first, _, last = text.partition("..")
    return date.fromisoformat(first), date.fromisoformat(last or first)


def _days(text: str) -> str:
    try:
        first, last = days_of(text)
        is_right = first <= last
    except ValueError:
        is_right = False
    if not is_right:
        hint = "write a day that exists, or the first one, two dots and the last one"
        raise wrong("bad-day", f"{shown(text)} is not a day or a range of days", hint)
    return text


_FREEZE = Grammar(
    rf"{_DAY}(\.\.{_DAY})?",
    "bad-day",
    "a day or a range of days",
    "write it like 2026-12-24, or 2026-12-20..2027-01-06",
    22,
    _days,
    examples=("2026-12-20..2027-01-06",),
)
FreezeDays = Annotated[str, _FREEZE]
_SHARE = Grammar(r"([1-9][0-9]?|100)%", "bad-share", "a share", "write 1% to 100%, such as 95%", 4)
Share = Annotated[str, _SHARE]
_BUDGET = Grammar(
    r"0|[1-9][0-9]{0,4}|([0-9]|[1-9][0-9]|100)%",
    "bad-budget",
    "a number of sites, or a share of them",
    "write a number such as 2, or a percentage such as 2%",
    5,
)
Budget = Annotated[
    str,
    BeforeValidator(written_number),
    _BUDGET,
    WithJsonSchema(
        {"type": ["string", "integer"], "pattern": f"^(?:{_BUDGET.pattern})$", "minimum": 0}, "validation"
    ),
]
Sites = Annotated[int, Field(ge=1, le=100_000)]


def percent(text: str) -> int | None:
    """The number before the sign of ``95%``; `None` for a text without it."""
    match = re.fullmatch(r"([0-9]+)%", text)
    return int(match[1]) if match else None


@spec
class Policy:
    """When the sites of a wave change, when the next wave begins, and what stops a rollout."""

    bake: Duration | None = None
    """How long a wave is watched after enough of its sites are healthy, 24h; 1h by default."""
    healthy: Share | None = None
    """Share of a wave's sites that must be healthy before the next wave begins, 95%; 90% by default. Sites
    that have not begun to apply the release after waitForDark are not counted."""
    failures: Budget | None = None
    """How many sites of a wave may fail, 3, or which share of them, rounded down; 2% by default. One more
    stops the rollout."""
    failures_per_group: Budget | None = None
    """The same of the wave's sites of each group; no limit by default."""
    windows: tuple[Window, ...] | None = None
    """When sites get the release, each in its own time zone; at any time by default."""
    freeze: tuple[FreezeDays, ...] | None = None
    """Days on which no site gets the release, in its own time zone: [2026-12-20..2027-01-06, 2027-05-01]."""
    on_failure: OnFailure | None = None
    """What happens where too many sites fail, or too few are healthy: pause until a person decides, the
    default; or rollBack, by which all sites that have the release go back, too."""
    wait_for_dark: Duration | None = None
    """How long a wave waits for a site that has not begun to apply the release, 3d; 1d by default. Then the
    site counts neither as healthy nor as failed, and gets the release when it can."""


@spec
class Wave(Policy):
    """Sites that are changed together, before the next wave; what it does not set is as in the rollout."""

    name: Name
    """Name of the wave."""
    where: Selection = Selection()
    """Its sites: those with a node for which all listed conditions hold, and that are in no earlier wave. By
    default all that are in no earlier wave."""
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    """Only this share of them, 10, chosen by a hash of their names: a site added later moves no other."""
    count: Sites | None = None
    """Only so many of them, 50, chosen in the same way: a site added later takes the place of one other at
    most."""
    random: Sites | None = None
    """Only so many of each hardware class, 2, chosen in the same way: canaries."""


@spec
class Rollout(Policy):
    """How a change reaches the sites: in waves, at which pace, and what stops it."""

    waves: tuple[Wave, ...] = ()
    """The order in which sites are changed; those in no wave are a last one, the others."""
