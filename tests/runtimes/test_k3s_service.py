"""The unit that runs k3s."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgefleet.model.firstboot import Target, Unit
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base import k3s


def unit_of(target: Target) -> Unit:
    """The unit that runs k3s."""
    runtime = runtime_of(target.node)
    (unit,) = [unit for unit in runtime.install(target).units if unit.name == runtime.unit]
    return unit


@pytest.mark.parametrize(
    ("node", "name", "command"),
    [("srv", "k3s.service", "server"), ("cam", "k3s-agent.service", "agent")],
)
def test_each_role_has_the_unit_of_k3ss_own_installer(
    target: Callable[..., Target], node: str, name: str, command: str
) -> None:
    """The same names, so that k3s's documentation and people's habits hold."""
    unit = unit_of(target("server-and-agent", node))
    assert name == unit.name
    assert f"ExecStart=/usr/local/bin/k3s {command}\n" in unit.text
    assert "Type=notify\n" in unit.text
    assert "Restart=always\n" in unit.text


def test_a_restart_of_k3s_leaves_its_containers_running(target: Callable[..., Target]) -> None:
    """Only k3s itself is stopped, and a k3s that exits is started again."""
    for node in ("srv", "cam"):
        unit = unit_of(target("server-and-agent", node))
        assert {"Restart=always", "KillMode=process"} <= {*unit.text.splitlines()}


def test_first_boot_does_not_wait_for_k3s(target: Callable[..., Target]) -> None:
    """cloud-init would hold the rest of its work for as long as the link is away."""
    (command,) = runtime_of(target().node).install(target()).commands
    assert ("systemctl", "restart", "--no-block", k3s.INSTALLER) == command


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt-get install systemd"
)
@pytest.mark.parametrize("node", ["srv", "cam"])
def test_systemd_takes_the_units(target: Callable[..., Target], tmp_path: Path, node: str) -> None:
    """`systemd-analyze verify` finds nothing wrong; stand-ins take the place of the programs they run."""
    programs = tmp_path / "bin"
    programs.mkdir()
    paths = []
    planned = target("server-and-agent", node)
    for unit in runtime_of(planned.node).install(planned).units:
        text = unit.text
        for program in ("/usr/local/bin/k3s", k3s.SCRIPT, "/sbin/modprobe"):
            stand_in = programs / Path(program).name
            stand_in.write_text("#!/bin/sh\n")
            stand_in.chmod(0o755)
            text = text.replace(program, str(stand_in))
        path = tmp_path / unit.name
        path.write_text(text)
        paths.append(str(path))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert [] == [line for line in done.stderr.splitlines() if "k3s" in line], done.stderr
