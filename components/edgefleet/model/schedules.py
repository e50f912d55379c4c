"""Schedules as Kubernetes and k3s read them, the time zone that they are in, and durations.

Source: Kubernetes docs, concepts/workloads/controllers/cron-jobs ("Schedule syntax"). Both parse a schedule
with ParseStandard of github.com/robfig/cron: Sunday is 0, and 7 is no day.
"""

import re
from typing import Annotated

from edgefleet.model.syntax import Grammar, shown, wrong

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
"""(what it is, its first value, its last value, names of its values from the first) of each field."""
_ITEM = re.compile(r"(?:\*|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:/0*[1-9]\d*)?")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _schedule(text: str) -> str:
    for (what, first, last, names), field in zip(_FIELDS, text.lower().split(" "), strict=True):
        for item in field.split(","):
            found = _ITEM.fullmatch(item)
            ends = [_number(end, first, names) for end in found.groups() if end] if found else [-1]
            if not all(first <= end <= last for end in ends) or ends != sorted(ends):
                allowed = f"{first} to {last}" + (f", or {names[0]} to {names[-1]}" if names else "")
                hint = f"write {allowed}: a value, a range a-b, a list a,b, or * (a step follows: */5)"
                raise wrong("bad-schedule", f"{shown(item)} is no {what}", hint)
    return text


def _number(text: str, first: int, names: tuple[str, ...]) -> int:
    return int(text) if text.isdecimal() else first + names.index(text) if text in names else -1


def seconds_of(duration: str) -> int:
    """Seconds of a duration, ``90s``, ``30m``, ``2h`` or ``7d``."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


_CRON = Grammar(
    r"[0-9*,/A-Za-z-]+( [0-9*,/A-Za-z-]+){4}",
    "bad-schedule",
    "a cron expression",
    "write minute, hour, day, month and weekday: 0 */6 * * *",
    100,
    _schedule,
    examples=("0 3 * * 0",),
)
Cron = Annotated[str, _CRON]
_DURATION = Grammar(
    "[1-9][0-9]{0,6}[smhd]", "bad-duration", "a duration", "write it like 90s, 30m, 2h or 7d", 20
)
Duration = Annotated[str, _DURATION]
"""A duration, kept as it is written; `seconds_of` has the number."""
