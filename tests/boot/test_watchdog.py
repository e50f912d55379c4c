"""Step `watchdog`: within which time a node that hangs is restarted."""

from collections.abc import Callable

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import watchdog
from edgefleet.model.firstboot import Step

TextOf = Callable[[Step, str], str]
PI, USUAL, BEHIND = "recipe-1/raspberry-pi", "recipe-1/server-static", "recipe-1/data-disk"


@pytest.mark.parametrize(
    ("case", "node", "expected"),
    [(PI, "n1", "15s"), (USUAL, "", "30s"), (BEHIND, "srv", "60s"), (BEHIND, "till", "off")],
)
def test_a_node_that_hangs_is_restarted(
    target: Targets, text_of: TextOf, case: str, node: str, expected: str
) -> None:
    """A Raspberry Pi's counts to 15 seconds; a set value wins."""
    step = watchdog.plan(target(case, node))
    assert f"RuntimeWatchdogSec={expected}\n" in text_of(step, watchdog.PATH)
