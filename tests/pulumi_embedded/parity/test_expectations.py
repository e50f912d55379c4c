"""The embedded engine does as the CLI was recorded to do; this needs no CLI."""

import os
from typing import Any

import pytest

from edgefleet.engine.pulumi_cli import find_command

pytestmark = pytest.mark.slow


def test_the_embedded_engine_does_as_recorded(scenario: Any, name: str, local: Any, parity: Any) -> None:
    """Steps, diffs, events, outputs, state and what exists are as the CLI's were."""
    if os.environ.get("UPDATE_GOLDEN") == "1":
        if find_command() is None:
            pytest.fail("expectations are the CLI's: put `pulumi` on PATH to record them")
        pytest.skip("recorded from the CLI by test_parity.py")
    found = [parity.play(scenario, local, number) for number in range(len(scenario.RUNS))]
    assert [] == parity.differences(parity.recorded(name), found)


def test_each_recording_is_of_a_scenario(parity: Any) -> None:
    """No expectation is left behind by a scenario that is gone."""
    assert sorted(parity.SCENARIOS) == sorted(path.stem for path in parity.GOLDEN.glob("*.json"))
