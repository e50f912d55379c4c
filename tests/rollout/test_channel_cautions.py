"""What validate and preview note about a fleet's channel."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgefleet.fleetfile.load import load_fleet
from edgefleet.rollout.cautions import cautions

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
LONE = "channel has one root key; add another: if it is lost, new release keys need visits"


@pytest.mark.parametrize(("roots", "notes"), [(0, set()), (1, {LONE}), (2, set())])
def test_a_lone_root_key_is_noted(roots: int, notes: set[str]) -> None:
    """Two are none too many; a fleet without a channel has no note."""
    fleet = load_fleet(EXAMPLES / "shops.fleet.yaml", EXAMPLES)
    assert fleet.channel is not None
    channel = replace(fleet.channel, roots=fleet.channel.roots[:roots]) if roots else None
    assert notes == {LONE} & {*cautions(replace(fleet, channel=channel))}
