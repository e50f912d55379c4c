"""Providers that raise, hang or answer nonsense: one message each, and nothing recorded that is not so."""

import json
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

pytestmark = pytest.mark.slow

CALLS = ("Check", "Diff", "Create", "Update", "Delete", "Read")
HANGING = """
import sys, threading
from pathlib import Path
from tests.pulumi_embedded.conftest import Project, SERVICER

class Hanging(SERVICER):
    def Create(self, request, context):
        threading.Event().wait()

project = Project(Path(sys.argv[1]))
project.factories = {"example": Hanging}
outcome = project.run("up")
print(outcome.result)
"""


def breaking(project: Any, call: str, answer: Any) -> None:
    """Have one call of the provider answer what the function gives, in previews, too."""
    base = project.factories["example"]
    project.factories = {"example": type("Broken", (base,), {call: lambda _self, *_: answer()})}


def run_into(project: Any, call: str, answer: Any) -> list[str]:
    """Run what makes that call; return the message. The state is as it was."""
    project.write('Thing("first", {"value": 1})')
    if call != "Create":
        project.run("up")
    before = recorded(project)
    breaking(project, call, answer)
    if call == "Delete":
        project.write("")
    elif call != "Create":
        project.write('Thing("first", {"value": 2})')
    outcome = project.run("refresh" if call == "Read" else "up")
    assert "failed" == outcome.result
    if call != "Create":
        assert before == recorded(project)
    else:
        assert [] == project.recorded()
    return [item.message for item in outcome.diagnostics]


def recorded(project: Any) -> Any:
    """Return the things on record, but for empty dependencies: a refresh drops those, as the CLI does."""
    if not project.checkpoint.exists():
        return []
    latest = json.loads(project.checkpoint.read_text())["checkpoint"]["latest"]
    assert "pending_operations" not in latest
    return things(latest)


def things(latest: Any) -> Any:
    """Return the things among a checkpoint's resources."""
    found = [item for item in latest["resources"] if item["type"] == "example:test:Thing"]
    empty: dict[str, Any] = {"propertyDependencies": {"value": []}}
    return [{key: item[key] for key in item if (key, item[key]) not in empty.items()} for item in found]


def fail() -> None:
    """Break, as a bug does."""
    raise LookupError("no such disk")


@pytest.mark.parametrize("call", CALLS)
def test_a_provider_that_raises_is_reported_by_its_call(project: Any, call: str) -> None:
    """One line, not a traceback."""
    expected = [f"the provider failed in {call}: LookupError: no such disk"]
    assert expected == run_into(project, call, fail)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", [None, "yes", {"id": "x"}, provider_pb2.GetSchemaResponse()])
def test_an_answer_of_another_kind_is_reported_by_its_call(project: Any, call: str, answer: Any) -> None:
    """It is not taken for an empty one."""
    said = run_into(project, call, lambda: answer)
    assert 1 == len(said)
    assert said[0].startswith(f"the provider failed in {call}: it answered with {type(answer).__name__}, not")


def test_an_answer_without_an_id_is_reported(project: Any) -> None:
    """A resource without one could never be found again."""
    expected = ["the provider did not return an id from Create"]
    assert expected == run_into(project, "Create", provider_pb2.CreateResponse)


def test_a_diff_of_no_known_kind_is_an_update(project: Any) -> None:
    """A provider that is newer than this engine may say more than it knows."""
    project.write('Thing("first", {"value": 1})')
    project.run("up")
    newer = provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_SOME, diffs=["value"])
    newer.detailedDiff["value"].kind = 77  # type: ignore[assignment]  # what a later protocol may say
    breaking(project, "Diff", lambda: newer)
    project.write('Thing("first", {"value": 2})')
    assert {"first": "update"} == project.ops("up")


@pytest.mark.parametrize(
    ("call", "pending"), [("Create", "creating"), ("Update", "updating"), ("Delete", "deleting")]
)
def test_a_provider_that_hangs_is_not_waited_for(project: Any, call: str, pending: str) -> None:
    """A little after its time: what became of the call is not known, and that is on record."""
    program = 'Thing("first", {"value": %s}, Opts(custom_timeouts=pulumi.CustomTimeouts("1s", "1s", "1s")))'
    if call != "Create":
        project.write(program % 1)
        project.run("up")
    before = [] if call == "Create" else recorded(project)
    released = threading.Event()
    breaking(project, call, lambda: released.wait() and empty_pb2.Empty())
    project.write("" if call == "Delete" else program % 2)
    started = time.monotonic()
    outcome = project.run("up")
    waited = time.monotonic() - started
    released.set()
    assert "failed" == outcome.result
    expected = (
        f"the provider has not answered {call} within the 1 s that customTimeouts give it; its outcome is "
        "not known, so it stays pending and the next run reports what to do"
    )
    assert [expected] == [item.message for item in outcome.diagnostics]
    assert 1 < waited < 30
    latest = json.loads(project.checkpoint.read_text())["checkpoint"]["latest"]
    assert [pending] == [item["type"] for item in latest["pending_operations"]]
    assert before == things(latest)
    warned = project.run("preview").diagnostics
    assert any(f"while it was {pending}" in item.message for item in warned)


def test_a_lookup_that_hangs_is_not_waited_for(project: Any) -> None:
    """Nothing was to change, so nothing stays pending."""
    project.write('Thing("first", {"value": 1}, Opts(custom_timeouts={"read": "1s"}))')
    assert "succeeded" == project.run("up").result
    before = recorded(project)
    released = threading.Event()
    breaking(project, "Read", released.wait)
    outcome = project.run("refresh")
    released.set()
    assert ["the provider has not answered Read within the 1 s that customTimeouts give it"] == [
        item.message for item in outcome.diagnostics
    ]
    assert before == recorded(project)


def test_a_process_ends_though_its_provider_hangs(project: Any) -> None:
    """Nobody has to kill it."""
    project.write('Thing("first", {"value": 1}, Opts(custom_timeouts=pulumi.CustomTimeouts("1s")))')
    ended = subprocess.run(
        [sys.executable, "-c", HANGING, str(project.root)],
        check=False,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert (0, "failed") == (ended.returncode, ended.stdout.strip()), ended.stderr
