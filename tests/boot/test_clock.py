"""Step `clock`: its floor, and who gives the time to whom."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import clock, firewall
from edgefleet.model.firstboot import Step

TextOf = Callable[[Step, str], str]
PLACES = "/usr/sbin:/sbin:/usr/bin:/bin"
PI, BEHIND = "recipe-1/raspberry-pi", "recipe-1/data-disk"


def test_no_clock_begins_before_the_day_that_is_an_input(target: Targets) -> None:
    (unit,) = clock.plan(target(PI)).units
    assert "--set=@1795132800'" in unit.text
    assert "sysinit.target" in unit.text


@pytest.mark.parametrize("has", [["systemd-timesyncd"], ["chrony"], []])
def test_a_base_system_with_another_keeper_of_the_clock_is_no_failure(
    target: Targets, tmp_path: Path, *, has: list[str]
) -> None:
    """Formats that insist on each command would try for ever to restart what is not there."""
    tool, log = tmp_path / "systemctl", tmp_path / "log"
    known = "|".join(f"cat:{each}.service" for each in has) or "none"
    tool.write_text(
        f"#!/bin/sh\ncase $1:$2 in {known}) ;; cat:*) exit 1 ;; *) echo $1 $3 >>{log} ;; esac\nexit 0\n"
    )
    log.touch()
    tool.chmod(0o755)
    command = clock.plan(target(PI)).commands[-1]
    subprocess.run(command, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    assert [f"try-restart {each}.service" for each in has] == log.read_text().splitlines()


def test_the_server_gives_the_time_and_is_let_be_asked(target: Targets, text_of: TextOf) -> None:
    """Its agents ask it first; others of the world are not admitted."""
    server, agent = target(BEHIND, "srv"), target(BEHIND, "till")
    made = text_of(clock.plan(server), clock.CHRONY)
    assert "local stratum 10" in made
    assert "allow 10.6.0.0/24" in made
    asked = text_of(clock.plan(agent), clock.TIMESYNCD)
    assert "NTP=10.6.0.10 10.6.0.1\n" in asked
    rules = text_of(firewall.plan(server), firewall.PATH)
    assert "ip saddr { 10.6.0.11 } udp dport 123" in rules
    assert "dport 123" not in text_of(firewall.plan(agent), firewall.PATH)


def test_a_base_system_whose_clock_chrony_keeps_asks_the_same_servers(
    target: Targets, text_of: TextOf
) -> None:
    """Without a word of giving the time; its own sources may be out of reach, and must not overrule these."""
    made = text_of(clock.plan(target(BEHIND, "till")), clock.CHRONY)
    assert ["server 10.6.0.10 iburst", "server 10.6.0.1 iburst"] == [
        line for line in made.splitlines() if line.startswith("server")
    ]
    assert "authselectmode ignore" in made
    assert "allow" not in made


def test_the_declared_time_servers_are_asked(target: Targets, text_of: TextOf) -> None:
    """All of them, in the declared order."""
    step = clock.plan(target(ntp=("ntp.example", "10.1.1.1")))
    assert "NTP=ntp.example 10.1.1.1\n" in text_of(step, clock.TIMESYNCD)


def test_without_any_the_base_systems_own_stay(target: Targets, text_of: TextOf) -> None:
    """An empty NTP= would remove them."""
    assert "NTP" not in text_of(clock.plan(target(ntp=())), clock.TIMESYNCD)


@pytest.mark.skipif(
    shutil.which("chronyd", path=PLACES) is None, reason="needs chrony: apt-get install chrony"
)
@pytest.mark.parametrize("node", ["srv", "till"])
def test_chrony_reads_it(target: Targets, text_of: TextOf, tmp_path: Path, node: str) -> None:
    """Every line, by its own check; a word that it does not know, to see that it would say so."""
    file = tmp_path / "chrony.conf"
    text = text_of(clock.plan(target(BEHIND, node)), clock.CHRONY)
    for content, wanted in ((text, 0), (text + "no-such-directive\n", 1)):
        file.write_text(content)
        command = ["chronyd", "-p", "-f", str(file)]
        done = subprocess.run(command, env={"PATH": PLACES}, capture_output=True, text=True, check=False)
        assert wanted == done.returncode, done.stderr + done.stdout
