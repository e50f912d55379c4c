"""Each fault at each call of each kind's life: a run after it converges, and nothing is left over."""

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.cloud.census import census
from tests.cloud.driving import Driver, attempt
from tests.cloud.faults import KINDS, Faults, faulty
from tests.cloud.rows import ROWS
from tests.cloud.rows.row import Row
from tests.cloud.timing import FastClock

from edgefleet.errors import EdgefleetError
from edgefleet.io.aws import Aws
from edgefleet.io.environment import Outside

AFTERWARDS = ("throttled", "timeout", "lost")
"""Of `KINDS` those for what exists already: the other refusals go the same road as a throttled call."""
MOST_CALLS = 40
"""Calls of one operation at most; more would be a loop."""


def tiers(kinds: Iterable[str]) -> list[Any]:
    """The worst fault is part of every run, the others of `make test-faults`."""
    return [each if each == "lost" else pytest.param(each, marks=pytest.mark.faults) for each in kinds]


@pytest.fixture
def world(aws: Aws, tmp_path: Path) -> tuple[Outside, Faults]:
    flaky, faults = faulty(str(aws.endpoint), "eu-central-1")
    return Outside(project=tmp_path, aws=flaky, clock=FastClock()), faults


@pytest.mark.parametrize("kind", tiers(KINDS))
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_creating(row: Row, kind: str, world: tuple[Outside, Faults], aws: Aws) -> None:
    """Whichever call fails: said in one clear error, then a rerun makes exactly one."""
    outside, faults = world
    made = row.needs(aws)
    before, inputs = census(aws), row.inputs(made)
    for at in range(0, MOST_CALLS * row.stride, row.stride):
        driver = Driver(row.resource, outside)
        faults.arm(kind, at)
        error = attempt(driver, inputs)
        has_struck = faults.has_struck
        faults.disarm()
        if error is not None:
            assert error.problems
            assert all(each.problem and each.hint for each in error.problems)
        driver.restart()
        driver.up(inputs)
        driver.refresh()
        assert "same" == driver.up(inputs), f"call {at} failed"
        driver.destroy()
        assert before == census(aws), f"call {at} failed"
        if not has_struck:
            assert at > 0
            return
    pytest.fail(f"more than {MOST_CALLS} calls")


@pytest.mark.faults
@pytest.mark.parametrize("kind", AFTERWARDS)
@pytest.mark.parametrize("row", [row for row in ROWS if row.changed], ids=lambda row: row.name)
def test_updating(row: Row, kind: str, world: tuple[Outside, Faults], aws: Aws) -> None:
    """Whichever call fails, the next up ends at what was asked for."""
    outside, faults = world
    made = row.needs(aws)
    assert row.changed is not None
    first, second = row.inputs(made), row.changed(made)
    for at in range(0, MOST_CALLS * row.stride, row.stride):
        driver = Driver(row.resource, outside)
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
@pytest.mark.parametrize("kind", AFTERWARDS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_deleting(row: Row, kind: str, world: tuple[Outside, Faults], aws: Aws) -> None:
    """Whichever call fails, the next destroy leaves nothing."""
    outside, faults = world
    made = row.needs(aws)
    before, inputs = census(aws), row.inputs(made)
    for at in range(0, MOST_CALLS * row.stride, row.stride):
        driver = Driver(row.resource, outside)
        driver.up(inputs)
        faults.arm(kind, at)
        with contextlib.suppress(EdgefleetError):
            driver.destroy()
        has_struck = faults.has_struck
        faults.disarm()
        driver.restart()
        if driver.state is not None:
            driver.destroy()
        assert before == census(aws), f"call {at} failed"
        if not has_struck:
            assert at > 0
            return
    pytest.fail(f"more than {MOST_CALLS} calls")
