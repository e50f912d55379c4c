"""The installed command in a project that `edgefleet new` made: streams, colours, terminals."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.e2e.test_story import Project

pytestmark = pytest.mark.slow

COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d)(?:;\d+)*m")
HIDE_CURSOR = "\x1b[?25l"
KEEPS = ("PATH", "LANG", "TMPDIR")


def environment(project: Path, **more: str) -> dict[str, str]:
    """The outside world of the command."""
    kept = {name: os.environ[name] for name in KEEPS if name in os.environ}
    return {**kept, "HOME": str(project), "COLUMNS": "80", **more}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "edgefleet.cli", *arguments]


def run(project: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command with pipes for streams."""
    return subprocess.run(
        command(*arguments),
        cwd=project,
        env=environment(project, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def on_a_terminal(project: Path, *arguments: str, typed: str = "", **more: str) -> tuple[int, str]:
    """Run the command on a terminal of its own; `typed` is what somebody answers to a question."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command(*arguments),
        cwd=project,
        env=environment(project, TERM="xterm", **more),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    seen, deadline = b"", time.monotonic() + 120
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            read = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        seen += read
        if typed and b"[y/N]" in seen:
            os.write(master, typed.encode())
            typed = ""
        if not read:
            break
    os.close(master)
    return process.wait(timeout=30), seen.decode()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project whose hub is no cloud, so that nothing has to be started."""
    root = tmp_path_factory.mktemp("command") / "shops"
    made = Project(root.parent).run("new", "shops")
    assert made.returncode == 0, made.stderr
    file = root / "stacks" / "dev.fleet.yaml"
    text = re.sub(r"^controlPlane:.*?(?=^\S)", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
    file.write_text(text)
    return root


@pytest.fixture
def standing(project: Path) -> Path:
    """The project, brought up, also for a test that runs alone."""
    if not [*project.rglob("*.iso")]:
        assert 0 == Project(project).run("up", "-s", "dev", "--engine", "local", "-y").returncode
    return project


def test_a_pipe_gets_plain_lines(project: Path) -> None:
    """No colours, no cursor movements; results on stdout, progress on stderr; 80 columns."""
    ran = run(project, "preview", "-s", "dev", "--engine", "local")
    assert ran.returncode == 0, ran.stderr
    assert "\x1b" not in ran.stdout + ran.stderr
    assert "planning dev" in ran.stderr
    assert ran.stdout.startswith("shops / dev")
    assert [] == [line for line in (ran.stdout + ran.stderr).splitlines() if len(line) > 80]


def test_forced_colours_start_no_bar_in_a_log(project: Path) -> None:
    """The terminal alone decides about animation."""
    ran = run(project, "preview", "-s", "dev", "--engine", "local", FORCE_COLOR="1")
    assert ran.returncode == 0, ran.stderr
    assert HIDE_CURSOR not in ran.stderr + ran.stdout
    assert "planning dev" in ran.stderr


def test_a_terminal_gets_colours_unless_it_wants_none(project: Path) -> None:
    """NO_COLOR is honoured."""
    code, seen = on_a_terminal(project, "preview", "-s", "dev", "--engine", "local")
    assert (0, True) == (code, bool(COLOUR.search(seen)))
    code, seen = on_a_terminal(project, "preview", "-s", "dev", "--engine", "local", NO_COLOR="1")
    assert (0, None) == (code, COLOUR.search(seen))


def test_a_terminal_is_asked(project: Path) -> None:
    """No changes nothing, yes does; then there is nothing to do."""
    code, seen = on_a_terminal(project, "up", "-s", "dev", "--engine", "local", typed="n\n")
    assert (130, True) == (code, "nothing was changed" in seen), seen
    assert not [*project.rglob("*.iso")]
    code, seen = on_a_terminal(project, "up", "-s", "dev", "--engine", "local", typed="y\n")
    assert (0, 2) == (code, len([*project.rglob("*.iso")])), seen
    again = Project(project).run("up", "-s", "dev", "--engine", "local", "-y")
    assert "nothing to do: 2 sites match the fleet file" in again.stdout


def test_the_stored_image_is_the_one_that_is_built_without_an_engine(standing: Path) -> None:
    """`image build` writes the bytes that `up` stores."""
    ran = Project(standing).run("image", "build", "-s", "dev", "--target", "store-0001", "--out", "out")
    assert ran.returncode == 0, ran.stderr
    (stored,) = [path for path in (standing / ".edgefleet" / "images").rglob("*.iso") if "0001" in str(path)]
    assert stored.read_bytes() == (standing / "out" / "store-0001" / "n1.iso").read_bytes()


def test_what_cannot_be_written_is_reported_and_nothing_is_half_done(standing: Path) -> None:
    """A file stands where the images belong: one clear message, exit code 2."""
    file = standing / "stacks" / "dev.fleet.yaml"
    good = file.read_text()
    (standing / "taken").write_text("")
    file.write_text(good.replace("file:.edgefleet/images/dev", "file:taken"))
    ran = Project(standing).run("up", "-s", "dev", "--engine", "local", "-y")
    file.write_text(good)
    assert 2 == ran.returncode, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    assert "taken" in ran.stderr
    again = Project(standing).run("up", "-s", "dev", "--engine", "local", "-y")
    assert "nothing to do" in again.stdout
