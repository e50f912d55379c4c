"""Random programs, edited at random: what is promised of every run holds for each of them.

A history is one program and some edits of it. After each edit: the preview tells what up then does; a second
up finds nothing to do; the state is what exists. At the end a refresh changes nothing and a destroy leaves
nothing. ``EDGEFLEET_RANDOM_PROGRAMS=5000`` tries that many histories, others each time.
"""

import json
import os
import runpy
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from pulumi.automation.events import EngineEvent
from tests.pulumi_embedded.conftest import ENVIRON, SALT

from edgefleet.engine.api import Options
from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.model.steps import Outcome
from pulumi_embedded import checkpoint as checkpoints
from pulumi_embedded.checkpoint import State
from pulumi_embedded.disk import Disk
from pulumi_embedded.values import reveal

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pulumi_embedded.random_programs.conftest import Program

MANY = int(os.environ.get("EDGEFLEET_RANDOM_PROGRAMS", "0"))
THING = "example:test:Thing"


class Quick(Disk):
    """A disk that is not waited for: no power fails here."""

    def sync(self, file: BinaryIO) -> None:
        """Do not wait."""

    def sync_folder(self, folder: Path) -> None:
        """Do not wait."""


class World:
    """A project, the engine, and what exists."""

    def __init__(self, root: Path, servicer: Any, things_py: str) -> None:
        self.root = root
        (root / "Pulumi.yaml").write_text("name: fleet\nruntime: python\nbackend: {url: 'file://.'}\n")
        (root / "Pulumi.dev.yaml").write_text(f"encryptionsalt: {SALT.salt}\n")
        (root / "things.py").write_text(things_py)
        self.engine = EmbeddedEngine(factories={"example": servicer}, environ=ENVIRON, disk=Quick())
        self.spared: set[str] = set()
        """Ids of what was left outside on purpose."""

    def write(self, program: "Program") -> None:
        note(program.source + "\n")
        (self.root / "__main__.py").write_text(f"from things import *\nimport pulumi\n{program.source}")

    def run(self, operation: Any) -> tuple[Outcome, list[Any]]:
        """Run; return the outcome and each step, as events tell of it."""
        steps: list[Any] = []

        def take(event: EngineEvent) -> None:
            if event.resource_pre_event is not None:
                meta = event.resource_pre_event.metadata
                keys, diffs = sorted(meta.keys or ()), sorted(meta.diffs or ())
                detailed = sorted(
                    (path, str(diff.diff_kind)) for path, diff in (meta.detailed_diff or {}).items()
                )
                steps.append((meta.urn, str(meta.op), keys, diffs, detailed))

        outcome = self.engine.run(operation, Options(stack="dev", project=self.root, parallel=4), take)
        return outcome, sorted(steps)

    def unprotect(self) -> None:
        """Do what `pulumi state unprotect --all` does."""
        if self.checkpoint.exists():
            document = json.loads(self.checkpoint.read_text())
            for item in document["checkpoint"]["latest"].get("resources", ()):
                item.pop("protect", None)
            self.checkpoint.write_text(json.dumps(document))

    @property
    def checkpoint(self) -> Path:
        return self.root / ".pulumi" / "stacks" / "fleet" / "dev.json"

    def states(self) -> list[State]:
        """Return what the checkpoint holds."""
        if not self.checkpoint.exists():
            return []
        found = checkpoints.read(self.checkpoint.read_bytes(), "", lambda _salt: SALT)
        assert [] == found.pending
        return found.resources

    def exists(self) -> dict[str, Any]:
        """Return what exists: id -> inputs."""
        folder = self.root / ".standin" / "things"
        return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}

    def change(self, operation: Any) -> Outcome:
        """Preview and do it (an up); check that the preview was true, and that the state is what exists."""
        before = self.states()
        planned = self.run("preview") if operation == "up" else None
        done = self.run(operation)
        if planned is not None:
            assert planned[0].result == done[0].result, (planned[0].diagnostics, done[0].diagnostics)
            if done[0].result == "succeeded":
                assert planned[1] == done[1]
        self.check(before)
        return done[0]

    def check(self, before: list[State]) -> None:
        """Check that the state is what exists, but for what was left outside on purpose."""
        after = [state for state in self.states() if state.type == THING]
        recorded = {state.id: reveal(state.inputs.data) for state in after if not state.pending_replacement}
        for state in before:
            if state.id not in recorded and (state.retain_on_delete or state.deleted_with):
                self.spared.add(state.id)
        exists = self.exists()
        assert recorded == {id_: exists[id_] for id_ in exists if id_ not in self.spared or id_ in recorded}
        check_order(self.states())


def check_order(states: list[State]) -> None:
    """Check that what is needed comes first, so that each state can be read by itself."""
    seen: set[str] = set()
    for state in states:
        assert state.references() <= seen, state.urn
        seen.add(state.urn)


def live(world: World, history: "list[Program]") -> None:
    """Live through a history."""
    for program in history:
        world.write(program)
        done = world.change("up")
        if done.result != "succeeded":
            assert done.diagnostics
            assert all("protected" in item.message for item in done.diagnostics), done.diagnostics
            continue
        again = world.change("up")
        assert {"same"} == {step.op for step in again.steps}, again.steps
    # What protection stopped is done without it.
    world.unprotect()
    world.write(history[-1].unprotected())
    assert "succeeded" == world.change("up").result
    looked, _ = world.run("refresh")
    assert {"same"} == {step.op for step in looked.steps}, looked.steps
    world.check([])
    again = world.change("up")
    assert {"same"} == {step.op for step in again.steps}, again.steps
    assert "succeeded" == world.change("destroy").result
    assert [] == world.states()


@pytest.fixture(scope="module")
def standin() -> Any:
    """The stand-in's servicer and what its programs are made of."""
    folder = Path(__file__).parents[1] / "parity" / "standin"
    return runpy.run_path(str(folder / "servicer.py"))["Servicer"], (folder / "things.py").read_text()


def lives(*, examples: int) -> "Callable[..., None]":
    """A test that lives through as many histories, the same ones each time."""

    @settings(
        max_examples=MANY or examples,
        derandomize=not MANY,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(data=st.data())
    def test(
        standin: Any, histories: "Callable[..., st.SearchStrategy[list[Program]]]", data: st.DataObject
    ) -> None:
        """Previews are true, nothing is done twice, the state is what exists, and it can be destroyed."""
        with tempfile.TemporaryDirectory() as folder:
            live(World(Path(folder), *standin), data.draw(histories()))

    return test


test_every_run_of_a_random_program_keeps_what_is_promised = lives(examples=15)
test_every_run_of_many_random_programs_keeps_what_is_promised = pytest.mark.faults(lives(examples=60))
