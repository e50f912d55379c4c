"""Operations that an earlier run, of either engine, left pending in the checkpoint."""

import json
from typing import Any

import pytest

PROGRAM = """
first = Thing("first", {"value": pulumi.Output.secret("hush"), "pin": 1%s})
Thing("second", {"value": first.serial})
"""


def pending(project: Any) -> list[Any]:
    """Return what is pending in the checkpoint."""
    found = json.loads(project.checkpoint.read_text())["checkpoint"]["latest"]
    return list(found.get("pending_operations", []))


@pytest.fixture
def begun(project: Any) -> Any:
    """A project of two things that are there."""
    project.write(PROGRAM % "")
    project.run("up")
    return project


def test_a_change_is_looked_up(begun: Any) -> None:
    """What it came to is on record and is changed back, as the preview says; what was secret stays so."""
    thing = begun.root / ".standin" / "things" / "first-0.json"
    thing.write_text(json.dumps({"value": "whisper", "pin": 1}))
    begun.leave_pending("updating", "first")
    assert {"first": "update"} == begun.ops("preview")
    outcome = begun.run("up")
    assert ["info"] == [item.severity for item in outcome.diagnostics]
    assert {"value": "hush", "pin": 1} == json.loads(thing.read_text())
    assert [] == pending(begun)
    for path in (begun.root / ".pulumi").rglob("*.json*"):
        assert "whisper" not in path.read_text()
        assert "hush" not in path.read_text()


def test_a_change_that_never_happened_is_looked_up(begun: Any) -> None:
    """All is as it was, and there is nothing to do."""
    begun.leave_pending("updating", "first", pin=2)
    assert {} == begun.ops("up")
    assert [] == pending(begun)


def test_a_deletion_is_looked_up(begun: Any) -> None:
    """What is gone is made again, or forgotten where the program does not have it any more."""
    (begun.root / ".standin" / "things" / "first-0.json").unlink()
    begun.leave_pending("deleting", "first")
    assert {"first": "replace", "second": "update"} == begun.ops("preview")
    begun.write("")
    begun.ops("up")
    assert [] == begun.things() == begun.recorded()
    assert [] == pending(begun)


def test_what_cannot_be_looked_up_now_is_looked_up_by_a_later_run(project: Any) -> None:
    """It is reported each time, until the provider answers or somebody has it forgotten."""
    project.write(PROGRAM % ', "fail": "read"')
    project.run("up")
    project.leave_pending("updating", "first")
    for _ in range(2):
        outcome = project.run("up")
        assert ["warning"] == [item.severity for item in outcome.diagnostics]
        assert "it cannot be looked up now" in outcome.diagnostics[0].message
    assert 1 == len(pending(project))
    project.run("refresh", clear_pending=True)
    assert [] == pending(project)


def test_several_attempts_at_one_creation_are_one_warning(begun: Any) -> None:
    """With their count; a refresh that clears forgets all of them."""
    begun.leave_pending("creating", "first", as_name="lost", attempts=2)
    (warning,) = begun.run("up").diagnostics
    assert warning.message.startswith("each of 2 earlier runs ended while it was creating urn:pulumi:dev::")
    assert 2 == len(pending(begun))
    (forgotten,) = begun.run("refresh", clear_pending=True).diagnostics
    assert forgotten.message.startswith("forgot that each of 2 earlier runs was creating urn:pulumi:dev::")
    assert [] == pending(begun)


@pytest.mark.parametrize("kind", ["reading", "importing"])
def test_what_changed_nothing_outside_is_no_news(begun: Any, kind: str) -> None:
    """A look at something is simply done again."""
    begun.leave_pending(kind, "first")
    outcome = begun.run("up")
    assert () == outcome.diagnostics
    assert [] == pending(begun)
