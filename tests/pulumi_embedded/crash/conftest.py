"""A process for each worker from which runs are forked: it has one thread, as no test process has."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.pulumi_embedded.crash.zygote import PARTS

ROOT = Path(__file__).parents[3]

Ended = Callable[..., dict[str, Any]]
"""Ends a scenario at its points; returns how many there were and what did not hold after which."""


@pytest.fixture(
    params=[
        pytest.param((0,), id="few"),
        pytest.param(range(1, PARTS // 2), id="more", marks=pytest.mark.crash),
        pytest.param(range(PARTS // 2, PARTS), id="most", marks=pytest.mark.crash),
    ]
)
def parts(request: pytest.FixtureRequest) -> tuple[int, ...]:
    """Parts of a scenario's points; all but the first belong to a tier of their own."""
    return tuple(request.param)


@pytest.fixture(scope="session")
def zygote() -> Iterator[subprocess.Popen[str]]:
    """The process."""
    command = [sys.executable, "-m", "tests.pulumi_embedded.crash.zygote"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def ended(zygote: subprocess.Popen[str], tmp_path: Path) -> Ended:
    """What ends a scenario at its points."""

    def end(scenario: str, **order: Any) -> dict[str, Any]:
        assert zygote.stdin is not None
        assert zygote.stdout is not None
        line = json.dumps({"root": str(tmp_path), "scenario": scenario, "variant": "numbered", **order})
        print(line, file=zygote.stdin, flush=True)
        found: dict[str, Any] = json.loads(zygote.stdout.readline())
        assert found["points"] >= len(order["parts"]) * (found["of"] // PARTS)
        return found

    return end
