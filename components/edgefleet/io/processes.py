"""Other programs: run to their end, or started to outlive this process and found again later.

A process that is found again is known by its id *and* its start time, since ids are used again. A program
that is missing, may not be run or takes too long raises OutsideFailure.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgefleet.errors import OutsideFailure

INHERITED = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"})
"""Variables that a detached program inherits."""
PIECE = 1024**2
"""Bytes of a program's output that are in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A program that ran to its end."""

    status: int
    """Exit status; 0 is success."""
    output: bytes
    """Standard output."""
    errors: str
    """Standard error."""


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    timeout: float = 600,
) -> Finished:
    """Run `command` to its end; any exit status is an answer, not an error.

    It has this process's environment, or `env` alone.
    """
    try:
        done = subprocess.run(
            list(command),
            cwd=cwd,
            input=stdin,
            env=None if env is None else dict(env),
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise _failure(command, "is not installed", "install it, or put it on PATH") from error
    except PermissionError as error:
        raise _failure(
            command, "may not be run by this user", "give this user the right to run it"
        ) from error
    except OSError as error:
        why = (error.strerror or "").lower()
        raise _failure(command, f"cannot be run: {why}", "check its name and its file") from error
    except subprocess.TimeoutExpired as error:
        raise _failure(command, f"took longer than {timeout:g} s", "check what it waits for") from error
    return Finished(status=done.returncode, output=done.stdout, errors=done.stderr.decode(errors="replace"))


def streamed(command: Sequence[str], *, env: Mapping[str, str]) -> Generator[bytes, None, Finished]:
    """The output of `command`, a piece at a time; then its end, any exit status being an answer."""
    with tempfile.TemporaryFile() as errors:  # an unread pipe would block the program when it is full
        try:
            running = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                pipesize=PIECE,
                env=dict(env),
            )
        except (FileNotFoundError, PermissionError) as error:
            raise _failure(command, "cannot be run", "install it, or put it on PATH") from error
        with running:
            assert running.stdout is not None  # noqa: S101 - requested above
            try:
                while piece := running.stdout.read(PIECE):
                    yield piece
                running.wait()
            finally:
                running.kill()  # without effect on one that ended
        errors.seek(0)
        words = errors.read().decode(errors="replace")
        return Finished(status=running.returncode, output=b"", errors=words)


def _failure(command: Sequence[str], problem: str, hint: str) -> OutsideFailure:
    return OutsideFailure.at(command[0], "program", problem, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One running of one program."""

    pid: int
    started: str
    """When it started, in a form that only equals itself: clock ticks since this machine booted."""


def start_detached(command: Sequence[str], *, log: Path, env: Mapping[str, str]) -> Process:
    """Start `command` in a session of its own; it outlives this process and its terminal.

    Of this process's environment it gets `INHERITED` alone, and `env`: what outlives a command must not keep
    its passphrases and credentials for others to read. Standard output and error go to the end of `log`.
    """
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    try:
        kept = {name: value for name, value in os.environ.items() if name in INHERITED} | dict(env)
        pid = os.posix_spawn(command[0], list(command), kept, file_actions=actions, setsid=True)
    except OSError as error:
        raise _failure(
            command, f"cannot be started: {error.strerror}", "see whether it is installed"
        ) from error
    started = start_time(pid)
    if started is None:
        raise _failure(command, "ended as soon as it was started", f"read {log}")
    return Process(pid=pid, started=started)


def start_time(pid: int) -> str | None:
    """When process `pid` started, or None where it is no longer running."""
    _reap(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The program's name stands in parentheses and may hold anything, so count from the last one (proc(5)).
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in {"Z", "X"} else fields[18]


def is_running(process: Process) -> bool:
    """Whether `process` is still the one that was started."""
    return start_time(process.pid) == process.started


def stop(process: Process, *, patience: float = 5, sleep: Callable[[float], None] = time.sleep) -> None:
    """End `process`: asked first, after `patience` seconds made to; gone already is success."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if not is_running(process):
            return
        try:
            os.kill(process.pid, sign)
        except ProcessLookupError:
            return
        for _ in range(round(patience / 0.05)):
            if not is_running(process):
                return
            sleep(0.05)


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """Within it SIGTERM is Ctrl-C: the first process of a container ignores a signal without a handler."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _reap(pid: int) -> None:
    """Take the exit status of a child, so that it does not look alive."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except OSError:
        return
