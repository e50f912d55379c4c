"""What validate and preview note about a fleet's channel."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgefleet.fleetfile.load import load_fleet
from edgefleet.rollout.cautions import cautions

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
UNUSED = "channel has no effect yet: nodes look for releases, and no command publishes them"
LONE = "channel has one root key; add another: if it is lost, new release keys need visits"


@pytest.mark.parametrize(("roots", "notes"), [(0, set()), (1, {UNUSED, LONE}), (2, {UNUSED})])
def test_what_a_channel_does_not_do_yet_is_noted(roots: int, notes: set[str]) -> None:
    """And a root key that has no second one; a fleet without a channel has neither note."""
    fleet = load_fleet(EXAMPLES / "shops.fleet.yaml", EXAMPLES)
    assert fleet.channel is not None
    channel = replace(fleet.channel, roots=fleet.channel.roots[:roots]) if roots else None
    assert notes == {UNUSED, LONE} & {*cautions(replace(fleet, channel=channel))}
