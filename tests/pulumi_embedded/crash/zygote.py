"""A process that has imported everything and forks another for each run: what is killed costs little then.

It answers on its output each line of its input. It never has a thread of its own, so that a fork is whole.
"""

import gc
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.pulumi_embedded.conftest import ENVIRON, Project
from tests.pulumi_embedded.crash.emulator import VARIANTS, held, name_of
from tests.pulumi_embedded.crash.invariants import Expected, broken, expect, left, unknown
from tests.pulumi_embedded.crash.points import FrailDisk, How, Points, Watched
from tests.pulumi_embedded.crash.scenarios import SCENARIOS, Scenario

from edgefleet.errors import OutsideFailure
from edgefleet.model.steps import Outcome
from pulumi_embedded.backend import Backend
from pulumi_embedded.checkpoint import Checkpoint
from pulumi_embedded.disk import Disk
from pulumi_embedded.project import open_project
from pulumi_embedded.stack_loader import load_stack

PARTS = 36
_AGAIN = 37
_REACH = 61
"""Which point of the run that goes on is its last as well: one of so many, spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to end, how, and which parts of its points."""

    scenario: str
    variant: str
    how: How = "kill"
    parallel: int = 1
    twice: bool = False
    """Whether the run that goes on is killed as well."""
    parts: tuple[int, ...] = (0,)

    def points(self, count: int) -> list[int]:
        """Return these of so many points, from 1; parts are disjoint, of one size and always the same."""

        def shuffled(point: int) -> bytes:
            return sha256(f"{self.scenario} {self.variant} {self.how} {point}".encode()).digest()

        order = sorted(range(1, count + 1), key=shuffled)
        return sorted(point for place, point in enumerate(order) if place % PARTS in self.parts)


class Course:
    """One scenario, run once to its end, then ended at each of its points."""

    def __init__(self, order: Order, root: Path) -> None:
        self.order = order
        self._root = root
        self._scenario: Scenario = SCENARIOS[order.scenario]

    def run(self) -> dict[str, Any]:
        """Do it; return how many points there were, and what did not hold after which of them."""
        begun = self._root / "begun"
        begun.mkdir()
        apart(partial(self._begin, begun))
        counted = self._copy("counted")
        passed = apart(partial(self._operate, counted, Points(how=self.order.how)))["passed"]
        expected = Expected(**apart(partial(self._conclude, counted)))
        chosen = self.order.points(len(passed))
        problems = {f"{at} {passed[at - 1]}": found for at in chosen if (found := self._end(at, expected))}
        return {"points": len(chosen), "of": len(passed), "problems": problems}

    def _end(self, at: int, expected: Expected) -> list[str]:
        """End the operation at a point, go on, and check."""
        root = self._copy(f"ended-{at}")
        ended = apart(partial(self._operate, root, Points(at, self.order.how)))
        problems = self._said(ended)
        if self.order.twice:
            again = Points(1 + at * _AGAIN % _REACH)
            apart(partial(self._go_on, root, again))
        problems += apart(partial(self._check, root, expected)).get("problems", ["the check did not end"])
        shutil.rmtree(root)
        return problems

    def _said(self, ended: dict[str, Any]) -> list[str]:
        """Check how the run that was ended told of it."""
        if self.order.how == "kill":
            return [] if ended == {} or self.order.parallel > 1 else [f"it was not killed: {ended}"]
        text = str(ended.get("said"))
        return [] if text.count("No space left on device") == 1 else [f"a full disk was reported so: {text}"]

    # each of these in a process of its own

    def _begin(self, root: Path) -> dict[str, Any]:
        project = self._project(root, Points())
        if self._scenario.before:
            project.write(self._scenario.before)
            succeeded(project.run("up"))
        self._scenario.drift(root / ".standin" / "things")
        return {}

    def _operate(self, root: Path, points: Points) -> dict[str, Any]:
        project = self._project(root, points)
        project.write(self._scenario.program)
        try:
            outcome = project.run(
                self._scenario.operation, parallel=self.order.parallel, refresh=self._scenario.refresh
            )
        except OutsideFailure as error:
            return {"said": str(error)}
        return {"passed": points.passed, "said": "\n".join(item.message for item in outcome.diagnostics)}

    def _go_on(self, root: Path, points: Points) -> dict[str, Any]:
        operation, program = self._scenario.goes_on
        project = self._project(root, points)
        project.write(program)
        project.run(operation, parallel=self.order.parallel, refresh=self._scenario.refresh)
        return {}

    def _conclude(self, root: Path) -> dict[str, Any]:
        self._go_on(root, Points())
        found = expect(root)
        return {"things": found.things, "made": found.made}

    def _check(self, root: Path, expected: Expected) -> dict[str, Any]:
        check = Check(self._project(root, Points()), self._scenario, self.order)
        return {"problems": check.run(expected)}

    def _project(self, root: Path, points: Points) -> Project:
        project = Project(root)
        servicer = VARIANTS[self.order.variant]
        project.factories = {"example": lambda: Watched(servicer(), points)}
        project.disk = FrailDisk(points)
        return project

    def _copy(self, name: str) -> Path:
        return Path(shutil.copytree(self._root / "begun", self._root / name))


class Check:
    """Goes on after a run that was ended, and says what does not hold."""

    def __init__(self, project: Project, scenario: Scenario, order: Order) -> None:
        self._project = project
        self._order = order
        self._operation, self._program = scenario.goes_on
        self._options = {"parallel": order.parallel, "refresh": scenario.refresh}

    def run(self, expected: Expected) -> list[str]:
        """Go on to the end, and away."""
        self._project.write(self._program)
        preview = succeeded(self._project.run("preview", **self._options))
        outcome = succeeded(self._project.run(self._operation, **self._options))
        named = unknown([preview, outcome])
        problems = [] if unknown([preview]) == unknown([outcome]) else ["a preview said otherwise"]
        if self._order.variant == "named" and named:
            problems.append(f"could have been looked up: {sorted(named)}")
        if self._order.how == "full once" and named:
            problems.append(f"was heard by a run that lives on: {sorted(named)}")
        if len(named) > self._order.parallel * (1 + self._order.twice):
            problems.append(f"more is not known than was under way: {sorted(named)}")
        problems += broken(self._project.root, self.checkpoint, expected, named)
        return problems + self._again(named) + self._away(named)

    def _again(self, named: set[str]) -> list[str]:
        """Do it once more: there must be nothing left to do or to say but what is not known."""
        outcome = succeeded(self._project.run(self._operation, parallel=1))
        ops = {step.name: step.op for step in outcome.steps if step.op not in ("same", "refresh")}
        found = [f"there was more to do: {ops}"] if ops else []
        if unknown([outcome]) != named:
            found.append(f"is not said again: {named ^ unknown([outcome])}")
        if len(outcome.diagnostics) > len(named):
            found.append(f"there was more to say: {[item.message for item in outcome.diagnostics]}")
        return found

    def _away(self, named: set[str]) -> list[str]:
        """Forget what is not known, then take everything away."""
        succeeded(self._project.run("refresh", clear_pending=True))
        outcome = succeeded(self._project.run("destroy"))
        found = [f"was not forgotten: {item.message}" for item in outcome.diagnostics]
        rest = {id_ for id_ in held(self._project.root) if name_of(id_) not in named}
        if rest or self.checkpoint.resources or self.checkpoint.pending:
            found.append(f"was left after all was destroyed: {sorted(rest)}, {self.checkpoint}")
        return found + left(self._project.root)

    @property
    def checkpoint(self) -> Checkpoint:
        """The state, as any reader finds it."""
        project = open_project(self._project.root, ENVIRON)
        backend = Backend(project.state, project.name, "dev", Disk())
        return load_stack(project, backend, "dev", ENVIRON).checkpoint


def succeeded(outcome: Outcome) -> Outcome:
    """Return an outcome that is good."""
    if outcome.result != "succeeded":
        raise AssertionError(f"{outcome.operation}: {[item.message for item in outcome.diagnostics]}")
    return outcome


def apart(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do something in a process of its own; return what it found, or nothing where it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            _tell(work, writing)
        finally:
            # Whatever happens, there is only one process that goes on.
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return dict(json.loads(told)) if told else {}


def _tell(work: Callable[[], dict[str, Any]], writing: int) -> None:
    """Write what was found, or what was raised instead."""
    try:
        found = work()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is reported
        found = {"problems": [f"{type(error).__name__}: {error}"]}
    with os.fdopen(writing, "w") as pipe:
        json.dump(found, pipe)


def main() -> None:
    """Take orders until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    # What is here stays: no fork goes through it again, nor copies its pages for that.
    gc.freeze()
    gc.disable()
    for line in sys.stdin:
        order = json.loads(line)
        root = Path(order.pop("root"))
        found = Course(Order(**order), root).run()
        answers.write(json.dumps(found) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
