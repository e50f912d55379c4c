"""Step `clock`: its floor, and who gives the time to whom."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.boot.conftest import Boxes

from edgefleet.boot import clock, firewall
from edgefleet.model.firstboot import Step

TextOf = Callable[[Step, str], str]
PI, BEHIND = "recipe-2/raspberry-pi", "recipe-2/data-disk"


def test_no_clock_begins_before_the_day_that_is_an_input(box: Boxes) -> None:
    (unit,) = clock.plan(box(PI)).units
    assert "--set=@1795132800'" in unit.text
    assert "sysinit.target" in unit.text


@pytest.mark.parametrize("has_it", [True, False])
def test_a_base_system_with_another_keeper_of_the_clock_is_no_failure(
    box: Boxes, tmp_path: Path, *, has_it: bool
) -> None:
    """Formats that insist on each command would try for ever to restart what is not there."""
    tool, log = tmp_path / "systemctl", tmp_path / "log"
    tool.write_text(f'#!/bin/sh\necho "$1" >>{log}\n[ "$1" = cat ] && exit {0 if has_it else 1}\nexit 0\n')
    tool.chmod(0o755)
    command = clock.plan(box(PI)).commands[-1]
    subprocess.run(command, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    assert (["cat", "try-restart"] if has_it else ["cat"]) == log.read_text().split()


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
