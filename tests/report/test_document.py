"""What programs read of a run."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema

from edgefleet.errors import Problem
from edgefleet.model.effects import Effect
from edgefleet.report import document, site_changes
from edgefleet.report.plan_view import View
from edgefleet.rollout.pending import Pending

if TYPE_CHECKING:
    from tests.report.conftest import Made

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def checked(view: View, *, is_all: bool = False) -> dict[str, Any]:
    """The document, after a trip through JSON, valid by the schema that ships in the package."""
    schema = json.loads((files("edgefleet") / "schema" / "preview.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    found: dict[str, Any] = json.loads(json.dumps(document.document(view, is_all=is_all)))
    jsonschema.validate(found, schema, format_checker=jsonschema.FormatChecker())
    return found


def three(made: "Made") -> View:
    """One changed site, one that stays, one that is gone."""
    old, new = made.plain("a"), made.plain("a", nodes__n1__network__address="10.20.7.11/24")
    stays, lost = made.plain("b"), made.plain("c")
    steps = [
        made.step("update", old, new, ["nodes.n1.network.address"]),
        made.step("same", stays, stays),
        made.step("delete", lost, {}),
    ]
    waiting = (
        Pending(
            is_first=False, nodes=("n1",), name="b", effect=Effect.REFLASH, since=NOW - timedelta(days=2)
        ),
    )
    return site_changes.view(
        made.outcome(steps), site_changes.Seen(at=NOW, fleet=made.fleet([new, stays]), waiting=waiting)
    )


def test_sites_whose_op_is_not_same_are_listed_with_their_digests(made: "Made") -> None:
    """The changed and the lost site, each with what was and what will be; the others with --all."""
    found = checked(three(made))
    assert ["c", "a"] == [site["name"] for site in found["sites"]]
    (changed,) = [site for site in found["sites"] if site["name"] == "a"]
    assert ("update", "reflash") == (changed["op"], changed["effect"])
    images = changed["images"]["n1"]
    assert images["old"] != images["new"]
    assert images["uri"] == "file:images/sites/a/n1.iso"
    assert {"old": None} != found["sites"][0]["images"]["n1"]
    assert found["sites"][0]["images"]["n1"]["new"] is None
    assert ["a", "b", "c"] == sorted(site["name"] for site in checked(three(made), is_all=True)["sites"])


def test_the_summary_counts_resources_and_counts_counts_sites(made: "Made") -> None:
    """Both add up."""
    found = checked(three(made))
    assert {"same": 1, "create": 0, "update": 1, "replace": 0, "delete": 1} == found["summary"]
    counts = found["counts"]
    assert 3 == counts.pop("sites") == sum(counts.values())
    assert [["a"]] == [group["sites"] for group in found["groups"]]
    change = {"path": "network.address", "old": "10.20.7.10/24", "new": "10.20.7.11/24"}
    assert [change] == found["groups"][0]["changes"]
    assert [{"name": "b", "effect": "reflash", "since": "2026-11-22T12:00:00+00:00"}] == found["pending"]


def test_what_the_screen_notes_is_in_the_document(made: "Made") -> None:
    """Versions that no lock holds, and what an earlier run left to delete."""
    a = made.plain("a")
    left = replace(made.step("delete", a, {}), is_remains=True)
    steps = [made.step("same", a, a), left]
    found = checked(site_changes.view(made.outcome(steps), site_changes.Seen(at=NOW, fleet=made.fleet([a]))))
    assert (["a"], ["v1.36.4+k3s1"]) == (found["remains"], found["unlocked"])
    assert ([], {"same": 1, "delete": 1}) == (
        found["sites"],
        {op: count for op, count in found["summary"].items() if count},
    )


def test_problems_keep_their_places() -> None:
    """Each problem, none grouped."""
    same = Problem(code="c", where="f:1:2", path="sites.a", problem="is wrong", hint="mend it")
    view = View(
        engine="local",
        stack="dev",
        operation="up",
        result="failed",
        fleet="",
        region="",
        seconds=0,
        at=NOW,
        problems=(same, same),
    )
    found = checked(view)
    assert (
        2 * [{"code": "c", "where": "f:1:2", "path": "sites.a", "problem": "is wrong", "hint": "mend it"}]
        == found["problems"]
    )


def test_secrets_are_never_written(made: "Made") -> None:
    """A changed key or passphrase is reported by its path; its values are masked."""
    old, new = made.plain("a"), made.plain("a")
    step = made.step("update", old, new, ["key", "passphrases.shop"])
    step = replace(
        step,
        old_inputs={**step.old_inputs, "key": "OLDKEY", "passphrases": {"shop": "hunter-1"}},
        new_inputs={**step.new_inputs, "key": "NEWKEY", "passphrases": {"shop": "hunter-2"}},
    )
    view = site_changes.view(made.outcome([step]), site_changes.Seen(at=NOW, fleet=made.fleet([new])))
    text = json.dumps(checked(view))
    assert [] == [word for word in ("OLDKEY", "NEWKEY", "hunter") if word in text]
    assert ["key", "passphrases.shop"] == [change["path"] for change in checked(view)["groups"][0]["changes"]]


def test_unknown_digests_are_null_with_the_reason(made: "Made") -> None:
    """A digest that cannot be known before the update is null, never a guess."""
    new = made.plain("a")
    step = made.step("create", {}, new)
    step.new_outputs["images"]["n1"] |= {"seed": None, "uri": None, "unknownBecause": "key"}
    view = site_changes.view(made.outcome([step]), site_changes.Seen(at=NOW, fleet=made.fleet([new])))
    (site,) = checked(view)["sites"]
    assert {"kind": "seed", "old": None, "new": None, "uri": None} == site["images"]["n1"]
    assert "key" == site["unknownBecause"]
