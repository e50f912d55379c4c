"""Ctrl-C once: what is under way ends and is saved. Twice: at once, and the journal has the rest."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.pulumi_embedded.conftest import Project
from tests.pulumi_embedded.crash.conftest import ROOT
from tests.pulumi_embedded.crash.emulator import VARIANTS, held, name_of
from tests.pulumi_embedded.crash.invariants import left, unknown

from edgefleet.errors import Refused
from pulumi_embedded.interrupts import CANCELLED

pytestmark = pytest.mark.slow

WIDE = """
first = Thing("first", {"value": 1})
for name in "abcdef":
    Thing(name, {"value": first.serial})
"""


class Process:
    """A run in a process of its own, each of whose changes waits until it is let go."""

    def __init__(self, project: Project, operation: str, variant: str = "numbered") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.pulumi_embedded.crash.slow", operation, variant],
            cwd=project.root,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self._process.pid

    def waits(self, count: int) -> list[str]:
        """Return the names of the next changes that wait."""
        return sorted(self._line("waits ") for _ in range(count))

    def let_go(self, count: int) -> None:
        """Let changes happen."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"." * count)
        self._process.stdin.flush()

    def interrupt(self, sign: signal.Signals = signal.SIGINT) -> None:
        """Interrupt it, and return when it has said so."""
        self._process.send_signal(sign)
        assert self._line("said ").startswith("cancelling: finishing the current steps")

    def signal(self, sign: signal.Signals) -> int:
        """Send a signal that ends it; return its exit code."""
        self._process.send_signal(sign)
        return self._process.wait(timeout=60)

    def ended(self) -> str:
        """Return how the run ended."""
        found = self._line("ended ")
        assert 0 == self._process.wait(timeout=60)
        return found

    def close(self) -> None:
        """End it, if it has not."""
        self._process.kill()
        self._process.communicate(timeout=60)

    def _line(self, start: str) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode().rstrip("\n")
        assert line.startswith(start)
        return line.removeprefix(start)


@pytest.fixture
def wide(tmp_path: Path) -> Project:
    """A project of seven things, of which six can be made side by side."""
    project = Project(tmp_path)
    project.factories = {"example": VARIANTS["numbered"]}
    project.write(WIDE)
    return project


@pytest.fixture
def processes(wide: Project) -> Iterator[Any]:
    """What begins a run in a process of its own."""
    begun: list[Process] = []

    def begin(operation: str, variant: str = "numbered") -> Process:
        begun.append(Process(wide, operation, variant))
        return begun[-1]

    yield begin
    for process in begun:
        process.close()


def names(project: Project) -> list[str]:
    """Return the names of what exists."""
    return sorted(name_of(id_) for id_ in held(project.root))


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_once_in_an_up(wide: Project, processes: Any, sign: signal.Signals) -> None:
    """Two things are being made: they are made and on record, no other is begun, and nothing is left."""
    process = processes("up")
    assert ["first"] == process.waits(1)
    process.let_go(1)
    under_way = process.waits(2)
    process.interrupt(sign)
    process.let_go(2)
    assert "cancelled" == process.ended()
    assert sorted(["first", *under_way]) == names(wide)
    assert sorted(["first", *under_way]) == wide.recorded()
    assert [] == left(wide.root)
    rest = dict.fromkeys(sorted({*"abcdef"} - {*under_way}), "create")
    assert rest == wide.ops("up")


def test_once_in_a_destroy(wide: Project, processes: Any) -> None:
    """Two things are being deleted: they are gone, also on record, and the others are there still."""
    wide.ops("up")
    process = processes("destroy")
    under_way = process.waits(2)
    process.interrupt()
    process.let_go(2)
    assert "cancelled" == process.ended()
    rest = sorted({"first", *"abcdef"} - {*under_way})
    assert rest == names(wide)
    assert rest == wide.recorded()
    assert [] == left(wide.root)
    assert dict.fromkeys(under_way, "create") == wide.ops("up")


@pytest.mark.crash
@pytest.mark.parametrize("variant", ["numbered", "named"])
def test_twice_in_an_up(wide: Project, processes: Any, variant: str) -> None:
    """It stops at once; the next run says what it cannot know of the two, or finds it out."""
    wide.factories = {"example": VARIANTS[variant]}
    process = processes("up", variant)
    process.waits(1)
    process.let_go(1)
    under_way = process.waits(2)
    process.interrupt()
    assert CANCELLED == process.signal(signal.SIGINT)
    assert wide.journal.exists()
    outcome = wide.run("up")
    assert "succeeded" == outcome.result
    assert ({*under_way} if variant == "numbered" else set()) == unknown([outcome])
    assert ["a", "b", "c", "d", "e", "f", "first"] == names(wide) == wide.recorded()
    assert [] == left(wide.root)


@pytest.mark.crash
def test_twice_in_a_destroy(wide: Project, processes: Any) -> None:
    """It stops at once; the next one deletes the rest and has nothing to say about what it looked up."""
    wide.ops("up")
    process = processes("destroy")
    process.waits(2)
    process.interrupt()
    assert CANCELLED == process.signal(signal.SIGINT)
    outcome = wide.run("destroy")
    assert "succeeded" == outcome.result
    assert ["info", "info"] == [item.severity for item in outcome.diagnostics]
    assert [] == names(wide) == wide.recorded()
    assert [] == left(wide.root)


def test_a_second_up_at_the_same_time(wide: Project, processes: Any) -> None:
    """It is refused by who holds the lock, and for how long; a dead one's lock is taken over."""
    process = processes("up")
    process.waits(1)
    with pytest.raises(Refused, match=rf"the stack is locked by \S+ \(pid {process.pid}\), for \d+ second"):
        wide.run("up")
    with pytest.raises(Refused, match=rf"\(pid {process.pid}\)"):
        wide.run("destroy")
    assert {"create"} == set(wide.ops("preview").values())
    assert -signal.SIGKILL == process.signal(signal.SIGKILL)
    outcome = wide.run("up")
    assert "succeeded" == outcome.result
    assert {"first"} == unknown([outcome])
    assert [] == left(wide.root)
