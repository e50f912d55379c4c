"""Programs run to their end, or started to be found again."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgefleet.errors import OutsideFailure
from edgefleet.io import processes, tools
from edgefleet.io.processes import Process

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_program_answers_with_its_status_and_what_it_said() -> None:
    """A failure of the program is an answer."""
    program = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    done = processes.run([sys.executable, "-c", program])
    assert (3, b"out\n", "err\n") == (done.status, done.output, done.errors)


def test_a_program_that_is_not_there_is_named() -> None:
    """With what to do about it."""
    with pytest.raises(OutsideFailure, match="no-such-program: is not installed; install it"):
        processes.run(["no-such-program"])


def streamed(script: str) -> Iterator[bytes]:
    return processes.streamed(["sh", "-c", script], env={"PATH": os.environ["PATH"]})


def test_what_a_program_prints_comes_in_pieces_whatever_it_says_beside() -> None:
    """More words than a pipe holds would stop it for ever where nobody reads them."""
    script = "head -c 3000000 /dev/zero; head -c 300000 /dev/zero >&2; echo end"
    found = list(streamed(script))
    assert 3_000_004 == sum(map(len, found))
    assert all(len(piece) <= processes.PIECE for piece in found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("echo 'disk is broken' >&2", "sh: failed: disk is broken"),
        ("echo 'sh : FAILURE : no block' >&2; echo 'going on' >&2", "sh: failed: sh : FAILURE : no block"),
        ("echo 'write: No space left on device' >&2", "sh: the disk is full; free some space"),
        (":", "sh: failed: first"),
    ],
)
def test_a_tool_that_fails_in_the_middle_is_reported_by_its_last_words(words: str, said: str) -> None:
    """After what it printed until then, as one that is run to its end."""
    script = f"echo begun; echo first >&2; {words}; exit 3"
    pieces = tools.stream("sh", "-c", script)
    assert b"begun\n" == next(pieces)
    with pytest.raises(OutsideFailure, match=said):
        next(pieces)
    with pytest.raises(OutsideFailure, match=said):
        tools.use("sh", "-c", script)


def test_a_program_whose_output_nobody_wants_any_more_is_ended() -> None:
    """And its pieces are no error."""
    pieces = streamed("echo $$; head -c 3000000 /dev/zero; exec sleep 60")
    pid = int(next(pieces).partition(b"\n")[0])
    assert processes.start_time(pid) is not None
    pieces.close()  # type: ignore[attr-defined]  # it is a generator
    assert processes.start_time(pid) is None


def test_a_program_that_hangs_is_ended() -> None:
    """After as many seconds as it was given."""
    with pytest.raises(OutsideFailure, match=r"took longer than 0\.2 s"):
        processes.run(SLEEPER, timeout=0.2)


def test_a_detached_program_runs_in_its_own_session_until_it_is_stopped(tmp_path: Path) -> None:
    """The terminal's Ctrl-C does not reach it."""
    started = processes.start_detached(SLEEPER, log=tmp_path / "log", env={})
    try:
        assert processes.is_running(started)
        assert started.pid == os.getsid(started.pid)
    finally:
        processes.stop(started)
    assert not processes.is_running(started)
    processes.stop(started)


def test_a_detached_program_inherits_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It outlives the command that was given them; a list names what it gets."""
    names = ("PULUMI_CONFIG_PASSPHRASE", "AWS_SESSION_TOKEN", "EDGEFLEET_X", "HTTPS_PROXY")
    for name in names:
        monkeypatch.setenv(name, "secret")
    started = processes.start_detached(SLEEPER, log=tmp_path / "log", env={"GIVEN": "1"})
    try:
        environ = Path(f"/proc/{started.pid}/environ")
        while not (inherited := environ.read_text().split("\0"))[0]:
            time.sleep(0.01)  # the kernel fills it in after the program is executed
    finally:
        processes.stop(started)
    found = {line.partition("=")[0] for line in inherited if line}
    assert {"GIVEN"} == found - processes.INHERITED


def test_a_program_that_does_not_listen_is_made_to_end(tmp_path: Path) -> None:
    """SIGTERM first, SIGKILL after the patience is over."""
    deaf = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " open(sys.argv[1], 'w'); time.sleep(60)"
    )
    command = [sys.executable, "-c", deaf, str(tmp_path / "ready")]
    started = processes.start_detached(command, log=tmp_path / "log", env={})
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    processes.stop(started, patience=0.2)
    assert not processes.is_running(started)


def test_another_process_of_the_same_number_is_not_taken_for_it() -> None:
    """Numbers are used again; the start time tells."""
    assert not processes.is_running(Process(pid=os.getpid(), started="1"))
