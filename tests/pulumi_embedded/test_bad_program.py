"""Programs that throw, wait for ever or ask for what there is not: one message, and the state as it was."""

import json
import os
import signal
import time
from typing import Any

import pytest

from edgefleet.errors import InvalidInput, Refused

pytestmark = pytest.mark.slow

STANDING = 'Thing("standing", {"value": 1})\n'
NEVER = """
import asyncio
Thing("first", {"value": Output.from_input(asyncio.Future())})
"""
CIRCLE = """
import asyncio
given = asyncio.Future()
first = Thing("first", {"value": Output.from_input(given)})
second = Thing("second", {"value": first.serial})
second.serial.apply(given.set_result)
"""
DEPENDING = """
needs = [Thing("first", {"value": 1})]
second = Thing("second", {"value": 1}, Opts(depends_on=needs))
needs.append(Thing("third", {"value": 1}, Opts(depends_on=second)))
"""
BY_A_THREAD = """
import asyncio, threading, time
loop, given = asyncio.get_event_loop(), asyncio.Future()

def give():
    time.sleep(2)
    loop.call_soon_threadsafe(given.set_result, 5)

threading.Thread(target=give, daemon=True).start()
Thing("first", {"value": Output.from_input(given)})
"""
BY_A_TIMER = """
import asyncio

async def late():
    await asyncio.sleep(2)
    return 5

Thing("first", {"value": Output.from_input(late())})
"""


@pytest.fixture
def standing(project: Any) -> Any:
    """A stack with one thing."""
    project.write(STANDING)
    project.run("up")
    return project


def resources(project: Any) -> list[Any]:
    """Return what is on record."""
    latest = json.loads(project.checkpoint.read_text())["checkpoint"]["latest"]
    assert "pending_operations" not in latest
    assert not project.journal.exists()
    assert [] == list((project.root / ".pulumi" / "locks").rglob("*.json"))
    found: list[Any] = latest["resources"]
    return found


@pytest.mark.parametrize("operation", ["preview", "up"])
@pytest.mark.parametrize(
    ("program", "names"),
    [
        (NEVER, "example:test:Thing first"),
        (CIRCLE, "example:test:Thing first, example:test:Thing second"),
    ],
)
def test_a_program_that_waits_for_ever_is_reported(
    standing: Any, operation: str, program: str, names: str
) -> None:
    """With the resources that wait; the CLI would wait with it."""
    before = resources(standing)
    standing.write(STANDING + program)
    with pytest.raises(InvalidInput) as caught:
        standing.run(operation)
    assert f"waits for values that will never arrive ({names})" in caught.value.problem.problem
    assert "in a circle" in caught.value.problem.hint
    after = resources(standing)
    assert [item["urn"] for item in before] == [item["urn"] for item in after]
    assert ["standing-0"] == standing.things()


def test_a_circle_that_the_sdk_sees_is_reported(standing: Any) -> None:
    """By its own words, before any of it is made."""
    standing.write(STANDING + DEPENDING)
    with pytest.raises(InvalidInput, match="circular dependency involving a resource of type example:test"):
        standing.run("preview")
    assert ["standing-0"] == standing.things()


@pytest.mark.parametrize("program", [BY_A_THREAD, BY_A_TIMER])
def test_a_program_that_is_only_slow_is_waited_for(project: Any, program: str) -> None:
    """What a thread of its own or a timer will give is worth waiting for."""
    project.write(program)
    assert {"first": "create", "fleet-dev": "create"} == project.ops("up")
    made = json.loads((project.root / ".standin" / "things" / "first-0.json").read_text())
    assert {"value": 5} == made


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("raise LookupError('no such shop')", "__main__.py:3: the program failed: LookupError: no such shop"),
        ("import no_such_module", "__main__.py:3: the program failed: ModuleNotFoundError: No module named"),
        ("import sys; sys.exit(3)", "it ended itself before its end, with sys.exit(3)"),
        ("raise pulumi.RunError('say what')", "the program failed: say what"),
    ],
)
def test_a_program_that_throws_is_reported_by_its_line(standing: Any, line: str, named: str) -> None:
    """And deletes nothing: what it had not come to yet is not what it no longer has."""
    before = resources(standing)
    standing.write(line)
    with pytest.raises(InvalidInput) as caught:
        standing.run("up")
    assert named in str(caught.value)
    assert [item["urn"] for item in before] == [item["urn"] for item in resources(standing)]
    assert ["standing-0"] == standing.things()


def test_the_problems_of_an_error_for_people_are_reported_as_they_are(standing: Any) -> None:
    """Neither the line that raised it nor a hint to fix the program stands in the way of theirs."""
    standing.write(
        "from pulumi_embedded.errors import Problem\n"
        "error = pulumi.RunError('two')\n"
        "error.problems = [Problem(where=f'shops.yaml:{n}', problem='no till', hint='add') for n in (1, 2)]\n"
        "raise error\n"
    )
    with pytest.raises(InvalidInput) as caught:
        standing.run("up")
    assert "shops.yaml:1: no till; add\nshops.yaml:2: no till; add" == str(caught.value)
    assert ["standing-0"] == standing.things()


def test_a_name_is_given_once(standing: Any) -> None:
    """The second is reported; the first is as it was."""
    standing.write(STANDING * 2)
    outcome = standing.run("up")
    assert "failed" == outcome.result
    urn = "urn:pulumi:dev::fleet::example:test:Thing::standing"
    assert [f"duplicate resource URN '{urn}'; give the resource another name"] == [
        item.message for item in outcome.diagnostics
    ]
    assert ["standing-0"] == standing.things()
    assert ["standing"] == standing.recorded()


def test_another_package_is_refused_before_anything_is_made(standing: Any) -> None:
    """By its name, with those that there are."""
    standing.write(STANDING + 'pulumi.CustomResource("aws:s3/bucket:Bucket", "logs", {})')
    with pytest.raises(Refused, match=r"hosts example, not the package 'aws'"):
        standing.run("up")
    assert ["standing-0"] == standing.things()


def test_an_interrupted_program_is_cancelled_not_at_fault(project: Any) -> None:
    """What was under way is finished and on record; that it could not go on is no error of its own."""
    base = project.factories["example"]

    def create(self: Any, request: Any, context: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)
        return base.Create(self, request, context)

    project.factories = {"example": type("Interrupted", (base,), {"Create": create})}
    project.write('first = Thing("first", {"value": 1})\nThing("second", {"value": first.serial})')
    assert "cancelled" == project.run("up").result
    assert ["first"] == project.recorded()
    assert ["first-0"] == project.things()
