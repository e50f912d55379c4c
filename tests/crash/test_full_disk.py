"""A disk without room is told of in one sentence, and the next run goes on once there is some."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scenario", ["up", "update", "delete first", "destroy and back"])
def test_a_disk_that_is_full(ended: Callable[..., dict[str, Any]], scenario: str) -> None:
    """From any write on; what could not be written any more is looked up, or said not to be known."""
    found = ended(scenario, how="full", part=1, parts=3)
    assert {} == found["problems"]
    assert found["points"] >= 15


@pytest.mark.parametrize("scenario", ["up", "create first", "destroy"])
def test_a_disk_that_is_full_for_a_moment(ended: Callable[..., dict[str, Any]], scenario: str) -> None:
    """A write fails and the next ones don't: the run stops and saves all, and nothing is not known."""
    found = ended(scenario, how="full once", part=0, parts=3)
    assert {} == found["problems"]
    assert found["points"] >= 15
