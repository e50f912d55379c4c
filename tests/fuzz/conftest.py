"""The limits of a fuzzed parser, and the number of inputs that each parser was given."""

import itertools
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

LONGEST = 20
"""Seconds after which an input is a hang."""
MEMORY = 768 * 1024**2
"""Bytes that a parser may use beside what the process has."""
FEW = 25
"""Inputs of a parser in `make test`, the same in each run."""
AT_ONCE = 100
"""Inputs between two looks at the time."""
COUNTS = "inputs"


class Hang(Exception):  # noqa: N818 - what happened
    """A parser does not come back."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long to try each parser."""
    parser.addoption("--fuzz-seconds", type=float, default=0.0, help="Seconds of random inputs per parser.")
    parser.addoption("--fuzz-seed", type=int, default=0, help="The same seed gives the same inputs.")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line for each parser, where it was tried for a time."""
    if not terminalreporter.config.getoption("--fuzz-seconds", default=0.0):
        return
    for report in terminalreporter.stats.get("passed", []):
        properties = dict(report.user_properties)
        if COUNTS in properties:
            name = report.nodeid.rpartition("[")[2].rstrip("]")
            terminalreporter.write_line(f"{properties[COUNTS]:>9,} inputs  {name}")


def _hang(_signal: int, _frame: object) -> None:
    raise Hang(f"no answer after {LONGEST} seconds")


@contextmanager
def limits() -> Iterator[None]:
    """Bound memory, and be woken from a hang.

    Raises:
        MemoryError, Hang: in what is inside.
    """
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGALRM, _hang)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGALRM, before)


@contextmanager
def awake() -> Iterator[None]:
    """Interrupt what is inside if it is a hang."""
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


Fuzz = Callable[[st.SearchStrategy[bytes], Callable[[bytes], object]], int]


@pytest.fixture
def fuzz(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Fuzz:
    """Give a parser inputs: a few, or for as long as the run was started for; returns how many."""
    budget: float = request.config.getoption("--fuzz-seconds", default=0.0)
    seed_of_run: int = request.config.getoption("--fuzz-seed", default=0)

    def run(inputs: st.SearchStrategy[bytes], parse: Callable[[bytes], object]) -> int:
        count, end = 0, time.monotonic() + budget

        @settings(
            max_examples=AT_ONCE if budget else FEW,
            deadline=None,
            database=None,
            derandomize=not budget,
            suppress_health_check=list(HealthCheck),
        )
        @given(data=inputs)
        def once(data: bytes) -> None:
            nonlocal count
            count += 1
            with awake():
                parse(data)

        with limits():
            for number in itertools.count(seed_of_run):
                seed(number)(once)()
                if time.monotonic() >= end:
                    break
        record_property(COUNTS, count)
        return count

    return run
