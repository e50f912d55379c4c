"""When two revocation lists are the same one."""

from datetime import timedelta

from tests.cloud.rows.crl import BY, NOW

from edgefleet.cloud.crl import CrlSpec
from edgefleet.keys.certificates import pem
from edgefleet.keys.site_certificate import revocation_list
from edgefleet.model.differ import is_same


def test_a_list_is_renewed_once_a_week_or_when_its_entries_change() -> None:
    """Each run signs one with the time in it; a day later is nothing to do, a week later is."""
    first = pem(revocation_list(BY, (7,), NOW))
    verdicts = {
        name: is_same(CrlSpec, "data", first, pem(revocation_list(BY, serials, NOW + timedelta(days=days))))
        for name, serials, days in (
            ("the next day", (7,), 1),
            ("the next week", (7,), 7),
            ("another entry", (8,), 1),
            ("none", (), 1),
        )
    }
    assert {"the next day": True, "the next week": False, "another entry": False, "none": False} == verdicts


def test_what_is_no_list_is_compared_as_it_is() -> None:
    assert not is_same(CrlSpec, "data", "a", "b")
    assert is_same(CrlSpec, "data", "a", "a")
