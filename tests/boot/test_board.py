"""Step `board`: what is written for firmware and kernel, by the script itself, on other people's files."""

import subprocess
from pathlib import Path

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import board
from edgefleet.model.firstboot import Target

CMDLINE = "console=serial0,115200 console=ttyAMA0 root=PARTUUID=1-02 rootwait quiet\n"
CONFIG = "dtparam=audio=on\n[cm4]\notg_mode=1\n"


@pytest.fixture
def pi(target: Targets) -> Target:
    """A Raspberry Pi with a serial console."""
    return target("recipe-1/raspberry-pi")


def run(target: Target, root: Path, *arguments: str) -> str:
    """What the step's script says when it is run on this root directory."""
    (file,) = board.plan(target).files
    done = subprocess.run(
        ["/bin/sh", "-c", file.content.decode(), "board", *arguments],
        env={"EDGEFLEET_PREFIX": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


@pytest.mark.parametrize("place", ["boot/firmware", "boot"])
def test_cgroups_and_console_are_added_to_the_one_line(pi: Target, tmp_path: Path, place: str) -> None:
    """Wherever the release keeps it; the same port is not named twice, and other words stay."""
    folder = tmp_path / place
    folder.mkdir(parents=True)
    (folder / "cmdline.txt").write_text(CMDLINE)
    (folder / "config.txt").write_text(CONFIG)
    assert "restart" in run(pi, tmp_path)
    assert (
        "console=serial0,115200 root=PARTUUID=1-02 rootwait quiet "
        "cgroup_memory=1 cgroup_enable=memory console=tty0 console=ttyAMA0,115200\n"
    ) == (folder / "cmdline.txt").read_text()
    ours = [
        "arm_64bit=1",
        "dtparam=watchdog=on",
        "enable_uart=1",
        "dtoverlay=disable-bt",
        "dtparam=audio=off",
    ]
    text = "\n".join(["# edgefleet: begin", "[all]", *ours, "dtparam=i2c_arm=on", "# edgefleet: end", ""])
    assert CONFIG + text == (folder / "config.txt").read_text()


def test_a_second_run_changes_nothing_and_asks_for_no_restart(pi: Target, tmp_path: Path) -> None:
    folder = tmp_path / "boot/firmware"
    folder.mkdir(parents=True)
    (folder / "cmdline.txt").write_text(CMDLINE)
    (folder / "config.txt").write_text(CONFIG)
    run(pi, tmp_path)
    wanted = tmp_path / "run/edgefleet/restart-wanted"
    wanted.unlink()
    before = [(folder / name).read_bytes() for name in ("cmdline.txt", "config.txt")]
    assert not run(pi, tmp_path)
    assert before == [(folder / name).read_bytes() for name in ("cmdline.txt", "config.txt")]
    assert not wanted.exists()


def test_a_boot_loader_that_is_not_known_is_reported_to_people(pi: Target, tmp_path: Path) -> None:
    """The rest of the first boot goes on."""
    (tmp_path / "boot").mkdir()
    run(pi, tmp_path)
    assert "cgroup_memory=1" in (tmp_path / "var/lib/edgefleet/problems/board").read_text()


def test_what_is_no_longer_asked_for_is_removed(pi: Target, tmp_path: Path) -> None:
    """From the line of the kernel and from config.txt; the words of the base system stay."""
    folder = tmp_path / "boot/firmware"
    folder.mkdir(parents=True)
    (folder / "cmdline.txt").write_text("root=PARTUUID=1-02 rootwait\n")
    (folder / "config.txt").write_text(CONFIG)
    run(pi, tmp_path)
    run(pi, tmp_path, "undo")
    assert "root=PARTUUID=1-02 rootwait " == (folder / "cmdline.txt").read_text().rstrip("\n")
    assert CONFIG == (folder / "config.txt").read_text()


def test_a_node_that_asks_for_nothing_gets_nothing(target: Targets) -> None:
    assert not board.plan(target("recipe-1/server-static")).files


def test_a_kernel_that_has_the_words_already_is_no_problem(pi: Target, tmp_path: Path) -> None:
    """With a boot loader that nobody knows, it is one only as long as the words are missing."""
    problem = tmp_path / "var/lib/edgefleet/problems/board"
    run(pi, tmp_path)
    assert "add to the kernel's command line: cgroup_memory=1" in problem.read_text()
    (tmp_path / "proc").mkdir()
    words = "cgroup_memory=1 cgroup_enable=memory console=tty0 console=ttyAMA0,115200"
    (tmp_path / "proc/cmdline").write_text(f"root=LABEL=root {words}\n")
    run(pi, tmp_path)
    assert not problem.exists()
