"""The small provider does as the real pulumi-kubernetes was recorded to do; this needs no plugin."""

import pytest
from tests.cluster.parity.playing import Playground
from tests.cluster.parity.recordings import RECORDINGS, recorded, unexpected
from tests.cluster.parity.scenarios import SCENARIOS

pytestmark = pytest.mark.cluster


def test_the_small_provider_does_as_recorded(name: str, local: Playground) -> None:
    """Steps, diffs, state and live objects, but for what differs on purpose."""
    scenario = SCENARIOS[name]
    if scenario.refused:
        assert scenario.refused in " ".join(local.play(scenario, 0)["done"]["messages"])
        return
    found = [local.play(scenario, number) for number in range(len(scenario.runs))]
    assert [] == unexpected(name, recorded(name), found)


def test_each_recording_is_of_a_scenario() -> None:
    """None is left behind by a scenario that is gone."""
    assert sorted(SCENARIOS) == sorted(path.stem for path in RECORDINGS.glob("*.json"))
