"""Step `clock`: its floor, and who gives the time to whom."""

from collections.abc import Callable

from tests.boot.conftest import Boxes

from edgefleet.boot import clock, firewall
from edgefleet.model.firstboot import Step

TextOf = Callable[[Step, str], str]
PI, BEHIND = "recipe-2/raspberry-pi", "recipe-2/data-disk"


def test_no_clock_begins_before_the_day_that_is_an_input(box: Boxes) -> None:
    (unit,) = clock.plan(box(PI)).units
    assert "--set=@1795132800'" in unit.text
    assert "sysinit.target" in unit.text


def test_the_server_gives_the_time_and_is_let_be_asked(box: Boxes, text_of: TextOf) -> None:
    """Its agents ask it first; others of the world are not admitted."""
    server, agent = box(BEHIND, "srv"), box(BEHIND, "till")
    made = text_of(clock.plan(server), clock.CHRONY)
    assert "local stratum 10" in made
    assert "allow 10.6.0.0/24" in made
    asked = text_of(clock.plan(agent), "/etc/systemd/timesyncd.conf.d/50-edgefleet.conf")
    assert "NTP=10.6.0.10 10.6.0.1\n" in asked
    rules = text_of(firewall.plan(server), firewall.PATH)
    assert "ip saddr { 10.6.0.11 } udp dport 123" in rules
    assert "dport 123" not in text_of(firewall.plan(agent), firewall.PATH)
