"""Both providers do the same: the CLI with the real pulumi-kubernetes, and the embedded engine with ours.

Each scenario is played with both against one API server; then each engine looks at the other's stack.
"""

import os

import pytest
from tests.cluster.parity import recordings
from tests.cluster.parity.playing import Playground, differences, without_messages
from tests.cluster.parity.scenarios import SCENARIOS

pytestmark = pytest.mark.pulumi_kubernetes


def test_both_providers_do_the_same(name: str, cli: Playground, local: Playground) -> None:
    """Steps, diffs, state and live objects, and the real one does as it was recorded to do."""
    scenario = SCENARIOS[name]
    expected = [cli.play(scenario, number) for number in range(len(scenario.runs))]
    if os.environ.get("UPDATE_GOLDEN") == "1":
        recordings.record(name, expected)
    assert [] == differences(recordings.recorded(name), without_messages(expected))
    if scenario.refused:
        return
    found = [local.play(scenario, number) for number in range(len(scenario.runs))]
    assert [] == recordings.unexpected(name, expected, found)
    if scenario.runs[-1].fails:  # what an engine then finds is what the run found
        return
    for project, heir in ((cli, local), (local, cli)):
        assert [] == differences(project.look(), project.handed_to(heir).look())
