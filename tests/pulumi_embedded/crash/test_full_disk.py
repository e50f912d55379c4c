"""A disk without room is reported in one sentence, and the next run goes on once there is some."""

import pytest
from tests.pulumi_embedded.crash.conftest import Ended

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scenario", ["up", "update", "delete first", "destroy and back"])
def test_a_disk_that_is_full(ended: Ended, scenario: str, parts: tuple[int, ...]) -> None:
    """From any write on; what could not be written any more is looked up, or said not to be known."""
    found = ended(scenario, how="full", parts=parts)
    assert {} == found["problems"]
    assert found["of"] >= 45


@pytest.mark.parametrize("scenario", ["up", "create first", "destroy"])
def test_a_disk_that_is_full_for_a_moment(ended: Ended, scenario: str, parts: tuple[int, ...]) -> None:
    """A write fails and the next ones don't: the run stops and saves all, and nothing is not known."""
    found = ended(scenario, how="full once", parts=parts)
    assert {} == found["problems"]
    assert found["of"] >= 45
