"""Both engines do the same: each scenario is run by both, run by run, and then handed over both ways."""

import os
from typing import Any

import pytest

pytestmark = [pytest.mark.pulumi_cli, pytest.mark.slow]


def test_both_engines_do_the_same(scenario: Any, name: str, local: Any, cli: Any, parity: Any) -> None:
    """Steps, diffs, events, outputs, state and what exists are equal, and as they were recorded."""
    expected = [parity.play(scenario, cli, number) for number in range(len(scenario.RUNS))]
    if os.environ.get("UPDATE_GOLDEN") == "1":
        parity.record(name, expected)
    assert [] == parity.differences(parity.recorded(name), expected)
    found = [parity.play(scenario, local, number) for number in range(len(scenario.RUNS))]
    assert [] == parity.differences(expected, found)
    hand_over(scenario, local, cli, parity)


def hand_over(scenario: Any, local: Any, cli: Any, parity: Any) -> None:
    """Check that each engine finds on the other's stack what that one would find: often nothing to do."""
    expected = parity.look(scenario, local)
    assert [] == parity.differences(expected, parity.look(scenario, cli.handed_to(local)))
    assert [] == parity.differences(expected, parity.look(scenario, local.handed_to(cli)))
