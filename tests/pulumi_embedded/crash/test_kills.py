"""A run that is killed at any of its points is gone on with, and nothing is made twice, lost or forgotten.

The points are each write to the state (before it, halfway, after it), and each call of the provider (before
it, and when it took effect and nobody heard its answer). The provider is a stand-in. After each kill comes a
preview, then the operation again; the invariants are in `invariants.py`. `make test` takes a 36th of the
points of most scenarios, `make test-crash` the others.
"""

import pytest
from tests.pulumi_embedded.crash.conftest import Ended

pytestmark = pytest.mark.slow

_LONGEST = ["up", "update", "create first", "delete first", "destroy"]
_OTHERS = [
    "up and away",
    "update and back",
    "destroy and back",
    "create first and back",
    "delete first and back",
    "refresh",
    "up after a look",
    "half made",
    "import",
]
_LOOKED_UP = ["up", "update and back", "create first", "delete first", "destroy and back", "half made"]


@pytest.mark.parametrize("scenario", _LONGEST)
def test_a_kill_at_each_point(ended: Ended, scenario: str, parts: tuple[int, ...]) -> None:
    """Only a creation whose answer nobody heard is not known, and it is reported with how to settle it."""
    found = ended(scenario, parts=parts)
    assert {} == found["problems"]
    assert found["of"] >= 90


@pytest.mark.parametrize("scenario", _OTHERS)
def test_a_kill_and_another_way_on(ended: Ended, scenario: str, parts: tuple[int, ...]) -> None:
    """What is gone on with may be another program, or the way back."""
    found = ended(scenario, parts=parts)
    assert {} == found["problems"]
    assert found["of"] >= 60


@pytest.mark.crash
@pytest.mark.parametrize("scenario", _LOOKED_UP)
def test_where_ids_are_known_all_is_found_out(ended: Ended, scenario: str, parts: tuple[int, ...]) -> None:
    """A provider that tells ids before things are there leaves nothing that is not known."""
    found = ended(scenario, variant="named", parts=parts)
    assert {} == found["problems"]
    assert found["of"] >= 75


@pytest.mark.parametrize("scenario", ["side by side", "destroy side by side"])
def test_a_kill_while_several_steps_are_under_way(
    ended: Ended, scenario: str, parts: tuple[int, ...]
) -> None:
    """No more is not known than was under way."""
    found = ended(scenario, parallel=3, parts=parts)
    assert {} == found["problems"]
    assert found["of"] >= 75


@pytest.mark.crash
@pytest.mark.parametrize("scenario", ["update", "delete first", "destroy"])
def test_the_run_that_goes_on_is_killed_as_well(ended: Ended, scenario: str, parts: tuple[int, ...]) -> None:
    """The one after it goes on from there."""
    found = ended(scenario, twice=True, parts=parts)
    assert {} == found["problems"]
    assert found["of"] >= 75
