"""Random programs of ten resources, with random options and edits, mean the same to both engines.

Where the Pulumi CLI is present, steps, diffs, outputs, state and what exists are compared after each edit, in
the preview of the last one and after a destroy. ``UPDATE_GOLDEN=1`` records what the CLI did; `make test`
compares the embedded engine with that. ``EDGEFLEET_RANDOM_PROGRAMS=300`` tries that many, others each time.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from tests.inline_programs import InlineCli
from tests.pulumi_embedded.conftest import PASSPHRASE
from tests.pulumi_embedded.parity import conftest as parity

from edgefleet.engine.pulumi_cli import find_command

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from tests.pulumi_embedded.random_programs.conftest import Program

MANY = int(os.environ.get("EDGEFLEET_RANDOM_PROGRAMS", "0"))
GOLDEN = Path(__file__).parents[2] / "golden" / "random_programs"
RECORDED = sorted(path.stem for path in GOLDEN.glob("*.json"))
COUNT = 20
"""Programs that are recorded."""
SIZE = 10
"""Resources of each."""


def live(playground: Any, programs: Sequence[str]) -> list[dict[str, Any]]:
    """Bring up each program in turn, then destroy; end where a protected resource stops it."""
    playground.configure(parity.CONFIG)
    runs = []
    for number, program in enumerate(programs):
        playground.write(program, {})
        plan = playground.run("preview") if number == len(programs) - 1 else {}
        runs.append(look(playground, plan, playground.run("up")))
        if runs[-1].keys() == {"result"}:
            return runs
    return [*runs, look(playground, {}, playground.run("destroy"))]


def look(playground: Any, plan: dict[str, Any], done: dict[str, Any]) -> dict[str, Any]:
    """Return what is compared; how far a run that fails comes depends on which of its threads is first."""
    if done["result"] != "succeeded":
        return {"result": done["result"]}
    return {
        "plan": plan,
        "done": done,
        "state": playground.state()["resources"],
        "things": playground.things(),
        "calls": playground.calls(),
    }


def brief(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is recorded: the steps without values, and what is left."""
    return [
        {
            key: [step[:3] for step in value["steps"]] if key == "done" else value
            for key, value in run.items()
            if key != "plan"
        }
        for run in runs
    ]


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for as long as a test needs it."""
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


def by_the_cli(programs: Sequence[str]) -> list[dict[str, Any]]:
    """Run the programs with the Pulumi CLI."""
    with folder() as path:
        root = parity.make_project(path / "cli")
        with parity.serving(root) as port:
            environ = {
                "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
                "PULUMI_HOME": str(path / "home"),
                "PULUMI_DEBUG_PROVIDERS": f"example:{port}",
            }
            engine = InlineCli(environ=environ)
            return live(parity.Playground(root, lambda _root: engine), programs)


def by_the_embedded_engine(programs: Sequence[str]) -> list[dict[str, Any]]:
    """Run the programs with the embedded engine."""
    with folder() as path:
        return live(parity.Playground(parity.make_project(path / "local"), parity.local_at), programs)


@pytest.mark.pulumi_cli
@pytest.mark.slow
@settings(
    max_examples=MANY or COUNT,
    derandomize=not MANY,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(data=st.data())
def test_both_engines_do_the_same(
    histories: "Callable[..., st.SearchStrategy[list[Program]]]", data: st.DataObject
) -> None:
    """Each edit of a random program has the same steps, and leaves the same behind."""
    if find_command() is None:
        pytest.skip("the Pulumi CLI is not on PATH, or is too old: random programs were not compared")
    programs = [program.source for program in data.draw(histories(SIZE, SIZE))]
    for program in programs:
        note(f"{program}\n")
    expected = by_the_cli(programs)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        record(programs, expected)
    assert [] == parity.LEVEL.differences(expected, by_the_embedded_engine(programs))


def record(programs: Sequence[str], runs: Sequence[dict[str, Any]]) -> None:
    """Keep what the CLI did, under a name that the programs give."""
    GOLDEN.mkdir(exist_ok=True)
    name = sha256(json.dumps(programs).encode()).hexdigest()[:8]
    lines = [json.dumps(item, sort_keys=True) for item in (programs, *brief(runs))]
    (GOLDEN / f"{name}.json").write_text("[" + ",\n".join(lines) + "]\n")


@pytest.mark.parametrize("name", RECORDED)
def test_the_embedded_engine_does_as_recorded(name: str) -> None:
    """A random program does what it did with the Pulumi CLI."""
    programs, *expected = json.loads((GOLDEN / f"{name}.json").read_text())
    found = json.loads(json.dumps(brief(by_the_embedded_engine(programs))))
    assert [] == parity.LEVEL.differences(expected, found)


def test_the_recorded_programs_are_there() -> None:
    """As many as are compared where the CLI is present; a few are drawn twice."""
    assert COUNT - 4 <= len(RECORDED) <= COUNT
