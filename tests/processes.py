"""Servers that tests start: on loopback, ended with the test, and at the latest when the run is gone."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

LONGEST = 3600
"""Seconds after which a server ends whatever happens."""
WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "KILL")


class Server:
    """A program with its log, which can be killed and started again."""

    def __init__(self, command: Sequence[str | Path], log: Path, environment: Mapping[str, str] = {}) -> None:
        self._command = (*WITH_ITS_PARENT, "timeout", str(LONGEST), *WITH_ITS_PARENT, *map(str, command))
        self._environment = dict(environment)
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, ready: Callable[[], bool], *, seconds: float = 60) -> None:
        """Start it and return once it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | self._environment,
                cwd=self.log.parent,
                start_new_session=True,
            )
        wait(lambda: self.ended() or ready(), seconds=seconds, reason=self.tail)
        assert not self.ended(), self.tail()

    def ended(self) -> bool:
        """Whether it runs no more."""
        return self._process is None or self._process.poll() is not None

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        """End it with this signal, and return when it is gone."""
        if self._process is not None and not self.ended():
            os.killpg(self._process.pid, by)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(timeout=20)

    def tail(self) -> str:
        """The end of its log."""
        return f"{self._command[8]}: {self.log.read_text(errors='replace')[-4000:]}"


@contextmanager
def running(server: Server, ready: Callable[[], bool]) -> Iterator[Server]:
    """The server while the block runs."""
    try:
        server.start(ready)
        yield server
    finally:
        server.stop()


def wait(until: Callable[[], bool], *, seconds: float = 30, reason: Callable[[], str] = str) -> None:
    """Return once the condition holds.

    Raises:
        AssertionError: it does not in time.
    """
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, f"not so within {seconds} s: {reason()}"
        time.sleep(0.05)
