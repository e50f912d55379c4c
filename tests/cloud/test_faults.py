"""Each fault at each call of each kind's life: a run after it converges, and nothing is left over."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from tests.cloud.census import Census, by_service
from tests.cloud.driving import Driver, attempt
from tests.cloud.faults import REFUSALS, Faults, faulty
from tests.cloud.rows import ROWS
from tests.cloud.rows.row import Row
from tests.cloud.timing import FastClock

from edgefleet.cloud.vpc import Vpc
from edgefleet.errors import EdgefleetError
from edgefleet.io.aws import Aws
from edgefleet.io.environment import Environment

pytestmark = pytest.mark.slow

ROADS = ("throttled", "timeout", "lost")
"""The roads that a failed call takes: refused, not arrived, and done but unanswered.

Other refusals differ by their code alone, which no kind looks at; tests/io/test_aws.py has what they say.
"""
OWN_ROADS = {"Bucket": "denied", "BucketObject": "denied"}
"""dict[row -> another refusal with a road of its own]: the status of S3's answer to HEAD is looked at."""
MOST_CALLS = 40
"""Calls of one operation at most; more would be a loop."""


def creating() -> list[Any]:
    """Each row with each road; the worst one is part of every run, the others of `make test-faults`."""
    faults = [(row, road) for row in ROWS for road in (*ROADS, OWN_ROADS.get(row.name)) if road]
    return [
        pytest.param(row, road, id=f"{row.name}-{road}", marks=[pytest.mark.faults] * (road != "lost"))
        for row, road in faults
    ]


def assert_nothing_is_left(before: Census, aws: Aws, faults: Faults, at: int) -> None:
    """All services that were called are as before the call number `at` failed."""
    services = faults.services & set(before)
    assert services
    assert {service: before[service] for service in services} == by_service(aws, services), (
        f"call {at} failed"
    )


@pytest.fixture
def world(aws: Aws, tmp_path: Path) -> tuple[Environment, Faults]:
    flaky, faults = faulty(str(aws.endpoint), "eu-central-1")
    return Environment(project=tmp_path, aws=flaky, clock=FastClock()), faults


def assert_is_clear(error: EdgefleetError) -> None:
    """It states what is wrong and what to do."""
    assert error.problems
    assert [] == [each for each in error.problems if not (each.problem and each.hint)]


@pytest.mark.parametrize("kind", REFUSALS)
def test_each_refusal_is_one_clear_error(kind: str, world: tuple[Environment, Faults]) -> None:
    """Whatever the reason; the calls after it are the same."""
    environment, faults = world
    faults.arm(kind, 0)
    error = attempt(Driver(Vpc(), environment), {"cidr": "10.9.0.0/16"})
    assert error is not None
    assert_is_clear(error)


@pytest.mark.parametrize(("row", "kind"), creating())
def test_creating(row: Row, kind: str, world: tuple[Environment, Faults], aws: Aws) -> None:
    """Whichever call fails: said in one clear error, then a rerun makes exactly one."""
    environment, faults = world
    made = row.needs(aws)
    before, inputs = by_service(aws), row.inputs(made)
    for at in range(0, MOST_CALLS * row.stride, row.stride):
        driver = Driver(row.resource, environment)
        faults.arm(kind, at)
        error = attempt(driver, inputs)
        has_struck = faults.has_struck
        faults.disarm()
        if error is not None:
            assert_is_clear(error)
        driver.restart()
        driver.up(inputs)
        driver.refresh()
        assert "same" == driver.up(inputs), f"call {at} failed"
        driver.destroy()
        assert_nothing_is_left(before, aws, faults, at)
        if not has_struck:
            assert before == by_service(aws)
            assert at > 0
            return
    pytest.fail(f"more than {MOST_CALLS} calls")


@pytest.mark.faults
@pytest.mark.parametrize("kind", ROADS)
@pytest.mark.parametrize("row", [row for row in ROWS if row.changed], ids=lambda row: row.name)
def test_updating(row: Row, kind: str, world: tuple[Environment, Faults], aws: Aws) -> None:
    """Whichever call fails, the next up ends at what was requested."""
    environment, faults = world
    made = row.needs(aws)
    assert row.changed is not None
    first, second = row.inputs(made), row.changed(made)
    for at in range(0, MOST_CALLS * row.stride, row.stride):
        driver = Driver(row.resource, environment)
        driver.up(first)
        faults.arm(kind, at)
        attempt(driver, second)
        has_struck = faults.has_struck
        faults.disarm()
        driver.restart()
        driver.up(second)
        driver.refresh()
        assert "same" == driver.up(second), f"call {at} failed"
        driver.destroy()
        if not has_struck:
            assert at > 0
            return
    pytest.fail(f"more than {MOST_CALLS} calls")


@pytest.mark.faults
@pytest.mark.parametrize("kind", ROADS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_deleting(row: Row, kind: str, world: tuple[Environment, Faults], aws: Aws) -> None:
    """Whichever call fails, the next destroy leaves nothing."""
    environment, faults = world
    made = row.needs(aws)
    before, inputs = by_service(aws), row.inputs(made)
    for at in range(0, MOST_CALLS * row.stride, row.stride):
        driver = Driver(row.resource, environment)
        driver.up(inputs)
        faults.arm(kind, at)
        with contextlib.suppress(EdgefleetError):
            driver.destroy()
        has_struck = faults.has_struck
        faults.disarm()
        driver.restart()
        if driver.state is not None:
            driver.destroy()
        assert_nothing_is_left(before, aws, faults, at)
        if not has_struck:
            assert before == by_service(aws)
            assert at > 0
            return
    pytest.fail(f"more than {MOST_CALLS} calls")
