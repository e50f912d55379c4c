"""Step `wireless`: whose rules it keeps to."""

from collections.abc import Callable

from tests.boot.conftest import Targets

from edgefleet.boot import wireless
from edgefleet.model.firstboot import Step

TextOf = Callable[[Step, str], str]
PI, USUAL = "recipe-1/raspberry-pi", "recipe-1/server-static"


def test_wireless_keeps_to_the_rules_of_its_country(target: Targets, text_of: TextOf) -> None:
    assert "ieee80211_regdom=DE\n" in text_of(wireless.plan(target(PI)), wireless.PATH)
    assert Step() == wireless.plan(target(USUAL))
