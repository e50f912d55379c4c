"""When a site may get a release: windows and days of freeze in its own time zone."""

from datetime import UTC, datetime

import pytest

from edgefleet.model.updates import Window
from edgefleet.rollout.hours import NEVER, opening

NIGHT = (Window(start="22:00", length=300),)
WEEKEND = (Window(days=("Sat", "Sun"), start="02:30", length=60),)


def at(text: str) -> int:
    """Seconds since 1970 of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("now", "zone", "windows", "freeze", "expected"),
    [
        ("2026-12-01 12:00", "Etc/UTC", (), (), "2026-12-01 12:00"),
        ("2026-12-01 12:00", "Etc/UTC", NIGHT, (), "2026-12-01 22:00"),
        ("2026-12-02 02:59", "Etc/UTC", NIGHT, (), "2026-12-02 02:59"),
        ("2026-12-02 03:00", "Etc/UTC", NIGHT, (), "2026-12-02 22:00"),
        ("2026-12-01 12:00", "Asia/Tokyo", NIGHT, (), "2026-12-01 13:00"),
        ("2026-12-01 12:00", "America/New_York", WEEKEND, (), "2026-12-05 07:30"),
        ("2026-12-20 12:00", "Etc/UTC", (), ("2026-12-20..2027-01-06",), "2027-01-07 00:00"),
        ("2026-12-20 12:00", "Asia/Tokyo", (), ("2026-12-20..2027-01-06",), "2027-01-06 15:00"),
        ("2026-12-24 12:00", "Etc/UTC", NIGHT, ("2026-12-24",), "2026-12-25 00:00"),
        ("2026-12-24 12:00", "Etc/UTC", NIGHT, ("2026-12-25",), "2026-12-24 22:00"),
        ("2026-12-25 01:00", "Etc/UTC", NIGHT, ("2026-12-25",), "2026-12-26 00:00"),
        ("2027-03-28 00:00", "Europe/Berlin", WEEKEND, (), "2027-03-28 01:30"),
        ("1970-01-01 00:00", "Nowhere/Atall", NIGHT, (), "1970-01-01 00:00"),
    ],
)
def test_a_site_gets_a_release_in_its_own_hours(
    now: str, zone: str, windows: tuple[Window, ...], freeze: tuple[str, ...], expected: str
) -> None:
    """Over midnight, over a change of the clock, and where a day of freeze cuts a window."""
    assert at(expected) == opening(at(now), zone, windows, freeze)


def test_a_freeze_without_an_end_never_opens() -> None:
    """It is no error: the rollout waits for an order."""
    assert NEVER == opening(at("2026-12-01 00:00"), "Etc/UTC", (), ("2026-01-01..2039-01-01",))
