"""Step `healing` on one of several servers of a site: the script is run for real, with stand-ins for k3s."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.boot.test_healing import Machine, machine

from edgefleet.boot import healing
from edgefleet.model.firstboot import Step

pytestmark = pytest.mark.slow

__all__ = ["machine"]

TextOf = Callable[[Step, str], str]
OWN, OTHER = '*"admin.kubeconfig get --raw /readyz"', '*"--server https://10.5.0.13:6443"*readyz*'


@pytest.fixture
def server(machine: Machine, target: Targets, text_of: TextOf) -> Machine:
    """The first of three servers by name; its turn comes by the clock."""
    machine.script.write_text(text_of(healing.plan(target("three-servers", "a")), healing.SCRIPT))
    return machine


def silence(server: Machine, request: str) -> None:
    """Let k3s answer a request no longer."""
    k3s = server.root / "usr/local/bin/k3s"
    k3s.write_text(k3s.read_text().replace("*readyz*)", f"{request}) exit 1 ;;\n  *readyz*)", 1))


def restarts(server: Machine) -> int:
    """How often k3s was restarted."""
    return (server.root / "run/asked").read_text().count("restart --no-block k3s.service")


def apply(server: Machine, text: str) -> None:
    """A seed is applied in the server's own turn."""
    server.configure(text)
    server.done("adopt")
    server.start()
    server.done("check", EDGEFLEET_TURN_SECONDS="1")


def test_a_server_is_well_when_its_own_api_answers(server: Machine) -> None:
    """The address that containers use may lead to another server."""
    apply(server, "good 1")
    assert "healthy" == server.status["state"]
    silence(server, OWN)
    server.done("check", EDGEFLEET_TURN_SECONDS="1")
    assert "unhealthy" == server.status["state"]


def test_servers_go_back_one_after_the_other(server: Machine) -> None:
    """The turn of the first one of three is the first third of a round of the clock."""
    apply(server, "good 1")
    length = 4
    server.configure("bad")
    server.done("adopt")
    server.start()
    server.done("check", EDGEFLEET_TURN_SECONDS=str(length))
    in_round = time.time() % (3 * length)
    assert ("good 1", True) == (server.config, in_round <= length)


def test_a_server_that_waits_for_its_turn_says_so(server: Machine) -> None:
    """A turn may be three quarters of an hour away: nobody believes until then that it is well."""
    apply(server, "good 1")
    silence(server, OWN)
    sleep = server.programs / "sleep"
    sleep.write_text(
        '#!/bin/sh\n/bin/cp "$EDGEFLEET_PREFIX/var/lib/edgefleet/status.json" "$EDGEFLEET_PREFIX/seen"\n'
    )
    sleep.chmod(0o755)
    length = int(time.time()) // 2  # the second turn of the first round since 1970
    server.done("check", EDGEFLEET_TURN_SECONDS=str(length))
    seen = json.loads((server.root / "seen").read_text())
    assert "unhealthy" == seen["state"]
    assert "at this server's turn" in seen["message"]


def test_a_server_restarts_for_its_certificates_while_the_others_serve(server: Machine) -> None:
    """Else two of three would be away. After half a year more it restarts anyway, before they end."""
    apply(server, "good 1")
    (server.root / "run/asked").write_text("")
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    days_ago = {days: str(int((uptime - days * 86400) * 10**6)) for days in (100, 300)}
    silence(server, OTHER)
    server.done("renew", FAKE_SINCE=days_ago[100])
    assert 0 == restarts(server)
    server.done("renew", FAKE_SINCE=days_ago[300], EDGEFLEET_TURN_SECONDS="1")
    assert 1 == restarts(server)
    k3s = server.root / "usr/local/bin/k3s"
    k3s.write_text(k3s.read_text().replace("exit 1 ;;", "printf ok ;;"))
    server.done("renew", FAKE_SINCE=days_ago[100], EDGEFLEET_TURN_SECONDS="1")
    assert 2 == restarts(server)


def test_a_site_of_one_server_has_no_turns(target: Targets, text_of: TextOf) -> None:
    made = text_of(healing.plan(target("server-static")), healing.SCRIPT)
    assert "turn" not in [line.partition("=")[0] for line in made.splitlines()]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(server: Machine) -> None:
    done = subprocess.run(
        ["shellcheck", "--shell=sh", str(server.script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "" == done.stdout
