"""What an interrupted `up` reports is what the state kept: the next preview plans the rest and no more."""

import os
import re
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.commands.conftest import FLEET, World, with_secrets

from edgefleet.engine.api import OnEvent
from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.model.steps import Operation, Outcome

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CHANGES = ("reflash", "new", "gone")
POINTS = (2, 8, 11, 14, 17, 20, 24)
"""Events of the engine at which the run is interrupted."""


class Interrupted(EmbeddedEngine):
    """The embedded engine, with a Ctrl-C at one event of an up."""

    def __init__(self, environ: dict[str, str]) -> None:
        super().__init__(environ=environ)
        self.at = 0

    def run(self, operation: Operation, options: Any, on_event: OnEvent | None = None) -> Outcome:
        """Run, and interrupt this process at the event."""
        count = 0

        def counted(event: Any) -> None:
            nonlocal count
            count += 1
            if operation == "up" and count == self.at:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.01)  # the engine listens in a thread
            if on_event is not None:
                on_event(event)

        return super().run(operation, replace(options, parallel=2), counted)


@pytest.fixture
def changed(world: World) -> World:
    """A project that was brought up; then two sites were changed, one removed and two added."""
    with_secrets(world)
    shutil.copy(ROOT / "__main__.py", world.project)
    world.real = Interrupted(world.environment)
    assert 0 == world.run("up", "-s", "dev", "-y").code
    world.edit("10.20.1.1", "10.20.1.2")
    world.edit("10.20.2.1", "10.20.2.2")
    world.edit("  munich:", "  bonn: {nodes: {n1: {}}}\n  trier:")
    assert FLEET.count("nodes:") == 3
    return world


def test_counts_are_what_the_state_kept(changed: World, tmp_path: Path) -> None:
    """At each point: what the run reports as done and what the next preview plans are the whole plan."""
    planned = changed.run("preview", "-s", "dev", "--json", "-").json["counts"]
    assert (2, 2, 1) == tuple(planned[outcome] for outcome in CHANGES)
    results = []
    for at in POINTS:
        copy = replace(changed, project=tmp_path / f"at-{at}", real=Interrupted(changed.environment))
        shutil.copytree(changed.project, copy.project, ignore=shutil.ignore_patterns("at-*"))
        copy.real.at = at  # type: ignore[union-attr]  # set the line before
        run = copy.run("up", "-s", "dev", "-y", "--json", "-").json
        left = copy.run("preview", "-s", "dev", "--json", "-").json
        done, rest = ({name: of["counts"][name] for name in CHANGES} for of in (run, left))
        assert {name: planned[name] for name in CHANGES} == {
            name: done[name] + rest[name] for name in CHANGES
        }
        assert 5 == run["counts"]["sites"]
        assert [site["name"] for site in run["pending"]] == [site["name"] for site in left["pending"]]
        results.append((run["result"], sum(done.values())))
    assert "cancelled" in {result for result, _ in results}
    assert {0, 5} < {count for _, count in results}


def test_a_whole_up_lists_what_is_pending_after_it(changed: World) -> None:
    """A removed site is not among it, a new one is; progress counts both, and never exceeds its total."""
    run = replace(changed, is_drawn=True).run("up", "-s", "dev", "-y")
    assert "pending: 4 sites not yet set up" in run.out
    assert "since earlier" not in run.out
    counts = re.findall(r"(\d+)/(\d+)", run.err)
    assert ({"5"}, "5") == ({total for _, total in counts}, max(count for count, _ in counts))
