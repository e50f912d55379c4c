"""When a site may get a release: windows and days of freeze, in the site's own time zone. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edgefleet.model.rollout import days_of
from edgefleet.model.updates import Window

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONGEST = 800
"""Days ahead that are looked at."""
NEVER = 2**53
"""Seconds since 1970 of a time that does not come."""


@lru_cache(maxsize=10_000)
def opening(now: int, zone: str, windows: tuple[Window, ...], freeze: tuple[str, ...]) -> int:
    """When a site may get a release: `now`, or a later time; seconds since 1970.

    Args:
        now: seconds since 1970.
        zone: the site's time zone; UTC where this machine does not know it.
        windows: when it may; at any time where there are none.
        freeze: days on which it may not, as the fleet file writes them.
    """
    local = _zone(zone)
    frozen = [days_of(text) for text in freeze]
    today = datetime.fromtimestamp(now, local).date()
    for day in (today + timedelta(days=offset) for offset in range(-1, LONGEST)):
        times = [
            at
            for start, end in _spans(day, windows, local)
            for at in (max(now, start), _midnight(day + timedelta(days=1), local))
            if max(now, start) <= at < end and not _is_frozen(at, local, frozen)
        ]
        if times:
            return min(times)
    return NEVER


def _spans(day: date, windows: tuple[Window, ...], local: tzinfo) -> Iterator[tuple[int, int]]:
    """(begin, end) of the windows that begin on `day`, in seconds since 1970."""
    if not windows:
        yield _midnight(day, local), _midnight(day + timedelta(days=1), local)
    for window in windows:
        if not window.days or WEEKDAYS[day.weekday()] in window.days:
            start = int(datetime.combine(day, time.fromisoformat(window.start), local).timestamp())
            yield start, start + window.length * 60


def _midnight(day: date, local: tzinfo) -> int:
    return int(datetime.combine(day, time(), local).timestamp())


def _is_frozen(at: int, local: tzinfo, frozen: list[tuple[date, date]]) -> bool:
    day = datetime.fromtimestamp(at, local).date()
    return any(first <= day <= last for first, last in frozen)


@lru_cache(maxsize=1000)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
