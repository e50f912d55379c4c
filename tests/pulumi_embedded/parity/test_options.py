"""Options of a run mean the same to both engines: steps at once, forgetting what was left pending."""

import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.pulumi_embedded.conftest import ENVIRON

from edgefleet.engine.api import Engine, Options
from edgefleet.engine.embedded import EmbeddedEngine

ENGINES = [
    "local",
    pytest.param("cli", marks=[pytest.mark.pulumi_cli, pytest.mark.slow]),
]
COUNTING = """

import threading, time


class Counting(Servicer):
    _lock = threading.Lock()
    _now = 0

    def Create(self, request, context):
        if request.preview:
            return super().Create(request, context)
        with Counting._lock:
            Counting._now += 1
            with (self._root.parent / "at-once").open("a") as file:
                file.write(f"{Counting._now}\\n")
        time.sleep(0.3)
        with Counting._lock:
            Counting._now -= 1
        return super().Create(request, context)


Servicer = Counting
"""
"""Added to the stand-in: it writes down how many things it is making at once."""


def options(playground: Any, **fields: Any) -> Options:
    return replace(Options(stack="dev", project=playground.root), **fields)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("parallel", [1, 3])
def test_no_more_steps_run_at_once_than_asked_for(
    name: str, parallel: int, request: pytest.FixtureRequest
) -> None:
    """``-p N`` is N steps; and where there is enough to do, not fewer."""
    playground: Any = request.getfixturevalue(name)
    servicer = playground.root / "plugin" / "servicer.py"
    servicer.write_text(servicer.read_text() + COUNTING)
    engine: Engine = playground.engine
    if name == "local":
        made = runpy.run_path(str(servicer))["Servicer"]
        engine = EmbeddedEngine(factories={"example": made}, environ=ENVIRON)
    playground.write("for number in range(5):\n    Thing(f'thing-{number}', {'value': number})", {})
    outcome = engine.run("up", options(playground, parallel=parallel))
    assert "succeeded" == outcome.result, outcome.diagnostics
    seen = [int(line) for line in (playground.root / "at-once").read_text().split()]
    assert (5, parallel) == (len(seen), max(seen))


@pytest.mark.parametrize("name", ENGINES)
def test_pending_creations_are_kept_until_they_are_cleared(name: str, request: pytest.FixtureRequest) -> None:
    """A refresh alone keeps them; one that clears them forgets them and nothing else."""
    playground: Any = request.getfixturevalue(name)
    playground.write('Thing("first", {"value": 1})', {})
    playground.run("up")
    playground.run("refresh")
    leave_pending(playground)
    before = playground.state()
    kept = playground.engine.run("refresh", options(playground))
    assert "succeeded" == kept.result, kept.diagnostics
    assert before == playground.state()
    if name == "local":  # the CLI says it on its terminal only, in no event
        assert any("::lost" in item.message for item in kept.diagnostics)
    cleared = playground.engine.run("refresh", options(playground, clear_pending=True))
    assert "succeeded" == cleared.result, cleared.diagnostics
    assert {**before, "pending": []} == playground.state()


def leave_pending(playground: Any) -> None:
    """Have the checkpoint say that a thing called lost was being made."""
    path: Path = playground.root / ".pulumi" / "stacks" / "fleet" / "dev.json"
    document = json.loads(path.read_text())
    latest = document["checkpoint"]["latest"]
    first = next(item for item in latest["resources"] if item["urn"].endswith("::first"))
    lost = {"urn": first["urn"].replace("::first", "::lost"), "inputs": {"value": 2}}
    lost |= {name: first[name] for name in ("custom", "type", "parent", "provider")}
    latest["pending_operations"] = [{"resource": lost, "type": "creating"}]
    path.write_text(json.dumps(document))
