"""Updates of the base system: the file that each system reads."""

import shutil
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import os_updates
from edgefleet.model.updates import OsUpdates, Window

WINDOW = Window(days=("Sat",), start="02:30", length=90)


@pytest.fixture
def files(target: Targets) -> dict[str, str]:
    """dict[path -> text] with a window."""
    return texts(target, OsUpdates(window=WINDOW))


def texts(target: Targets, updates: OsUpdates) -> dict[str, str]:
    node = target()
    nodes = {"n1": replace(node.node, os_updates=updates)}
    step = os_updates.plan(replace(node, site=replace(node.site, nodes=nodes)))
    return {file.path: file.content.decode() for file in step.files}


def test_each_system_has_the_window_in_its_own_form(files: dict[str, str]) -> None:
    """In the node's time zone."""
    assert {"LOCKSMITHD_REBOOT_WINDOW_START=Sat 02:30", "LOCKSMITHD_REBOOT_WINDOW_LENGTH=90m"} <= {
        *files[os_updates.FLATCAR].splitlines()
    }
    window = {"days": ["Sat"], "start_time": "02:30", "length_minutes": 90}
    zincati = {"strategy": "periodic", "periodic": {"time_zone": "localtime", "window": [window]}}
    assert {"enabled": True, **zincati} == tomllib.loads(files[os_updates.ZINCATI])["updates"]
    timer = {"OnCalendar=", "OnCalendar=Sat *-*-* 02:30:00", "RandomizedDelaySec=45min", "Persistent=false"}
    assert timer <= {*files[os_updates.TIMER].splitlines()}


@pytest.mark.skipif(shutil.which("apt-config") is None, reason="needs apt")
def test_apt_reads_its_file(files: dict[str, str], tmp_path: Path) -> None:
    """A restart follows at once, as updates begin in the first half of the window."""
    (tmp_path / "updates").write_text(files[os_updates.APT])
    read = subprocess.run(
        ["apt-config", "--config-file", str(tmp_path / "updates"), "dump"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    assert 'APT::Periodic::Unattended-Upgrade "1";' in read
    assert 'Unattended-Upgrade::Automatic-Reboot "true";' in read
    assert 'Unattended-Upgrade::Automatic-Reboot-Time "now";' in read


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_reads_each_window() -> None:
    """Every day where no days are given."""
    for window in (WINDOW, Window(start="23:59"), Window(days=("Mon", "Sun"), start="00:00")):
        (at,) = [
            line
            for line in os_updates._timer(window).splitlines()
            if line.startswith("OnCalendar=") and line[11:]
        ]
        run = ["systemd-analyze", "calendar", at.removeprefix("OnCalendar=")]
        subprocess.run(run, check=True, capture_output=True, timeout=30)


def test_updates_can_be_off(target: Targets) -> None:
    """On each system."""
    files = texts(target, OsUpdates(enabled=False))
    assert 'APT::Periodic::Enable "0";\n' in files[os_updates.APT]
    assert "SERVER=disabled\n" in files[os_updates.FLATCAR]
    assert {"updates": {"enabled": False}} == tomllib.loads(files[os_updates.ZINCATI])
    assert os_updates.TIMER not in files


def test_without_a_setting_the_base_system_decides(target: Targets) -> None:
    """And what an earlier seed has set is removed."""
    step = os_updates.plan(target())
    assert () == step.files
    assert os_updates.TIMER in step.commands[0][-1]
