"""Root and release keys as a person and a program see them. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.delegation import Delegation
from edgefleet.report.human import counted

DAY = 24 * 3600
SOON = 30
"""Days left of the last release key from which it is time for the next."""
SHOWN = 16
"""Digits of a key's id that tell it from another."""


def shown(key: ChannelKey | str) -> str:
    """The first digits of a key's id."""
    return (key if isinstance(key, str) else key.id)[:SHOWN]


def lines(
    roots: tuple[ChannelKey, ...], delegation: Delegation | None, signers: tuple[str, ...], now: int
) -> Iterator[str]:
    """Roots, and release keys with the days that each has left."""
    for root in roots:
        yield f"root     {shown(root)}{'  signed the delegation' if root.id in signers else ''}"
    if delegation is None:
        yield "no delegation"
        return
    yield f"delegation {delegation.version} of {_day(delegation.issued)}"
    for each in delegation.keys:
        yield f"release  {shown(each.key)}  {_left(each.expires, now)}"


def document(
    roots: tuple[ChannelKey, ...], delegation: Delegation | None, signers: tuple[str, ...], now: int
) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "roots": [{"id": root.id, "hasSigned": root.id in signers} for root in roots],
        "version": None if delegation is None else delegation.version,
        "issued": None if delegation is None else _time(delegation.issued),
        "releaseKeys": [
            {
                "id": each.key.id,
                "expires": _time(each.expires),
                "daysLeft": days_left(each.expires, now),
                "isValid": now < each.expires,
            }
            for each in (() if delegation is None else delegation.keys)
        ],
    }


def warning(delegation: Delegation, now: int) -> str:
    """A warning where the last release key ends soon; empty otherwise."""
    last = max(delegation.keys, key=lambda each: each.expires)
    left = days_left(last.expires, now)
    if left >= SOON:
        return ""
    return f"the last release key, {shown(last.key)}, ends in {counted(left, 'day')}: edgefleet keys rotate"


def days_left(expires: int, now: int) -> int:
    """Whole days until then; 0 where it is over."""
    return max(0, (expires - now) // DAY)


def _left(expires: int, now: int) -> str:
    if expires <= now:
        return f"ended on {_day(expires)}"
    return f"{counted(days_left(expires, now), 'day')} left, until {_day(expires)}"


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
