"""Step `watchdog`: within which time a box that hangs is restarted."""

from collections.abc import Callable

import pytest
from tests.boot.conftest import Boxes

from edgefleet.boot import watchdog
from edgefleet.model.firstboot import Step

TextOf = Callable[[Step, str], str]
PI, USUAL, BEHIND = "recipe-1/raspberry-pi", "recipe-1/server-static", "recipe-1/data-disk"


@pytest.mark.parametrize(
    ("case", "node", "expected"),
    [(PI, "n1", "15s"), (USUAL, "", "30s"), (BEHIND, "srv", "60s"), (BEHIND, "till", "off")],
)
def test_a_box_that_hangs_is_restarted(
    box: Boxes, text_of: TextOf, case: str, node: str, expected: str
) -> None:
    """A Raspberry Pi's counts to 15 seconds; what is said wins."""
    step = watchdog.plan(box(case, node))
    assert f"RuntimeWatchdogSec={expected}\n" in text_of(step, watchdog.PATH)
