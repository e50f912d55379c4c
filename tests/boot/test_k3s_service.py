"""Step `k3s_service`."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgefleet.boot import k3s_install, k3s_service
from edgefleet.model.firstboot import Box


@pytest.mark.parametrize(
    ("node", "unit", "role"), [("srv", "k3s.service", "server"), ("cam", "k3s-agent.service", "agent")]
)
def test_each_role_has_its_unit(make_box: Callable[..., Box], node: str, unit: str, role: str) -> None:
    """The names are k3s's own, so that its documentation holds on the box."""
    (found,) = k3s_service.plan(make_box(node)).units
    assert unit == found.name
    assert f"ExecStart=/usr/local/bin/k3s {role}" in found.text.splitlines()


def test_k3s_waits_for_its_verified_binary_and_first_boot_for_neither(make_box: Callable[..., Box]) -> None:
    """A box whose link is away finishes its boot; k3s follows when the binary is there."""
    step = k3s_service.plan(make_box())
    assert "Requires=edgefleet-k3s-install.service" in step.units[0].text.splitlines()
    assert all("--no-block" in command for command in step.commands)


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt-get install systemd"
)
def test_systemd_takes_the_units(make_box: Callable[..., Box], tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing wrong; stand-ins take the place of the programs they run."""
    programs = tmp_path / "bin"
    programs.mkdir()
    paths = []
    for unit in (*k3s_install.plan(make_box()).units, *k3s_service.plan(make_box()).units):
        text = unit.text
        for program in ("/usr/local/bin/k3s", k3s_install.SCRIPT, "/sbin/modprobe"):
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
    ours = [line for line in done.stderr.splitlines() if "k3s" in line]
    assert [] == ours, done.stderr
