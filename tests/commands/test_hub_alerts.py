"""`edgefleet hub alerts`: rules that fire where they should, over what the metrics command prints."""

import json
import os
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.commands.test_rollout import ALL, NODES, publish, run, shop, store_of
from tests.hub.promql import Vector, evaluate
from tests.keys.channel import DAY, delegation, signer
from tests.rollout.signed import pointers

from edgefleet.fleetfile import watched
from edgefleet.fleetfile.load import load_fleet
from edgefleet.keys.delegation import KIND
from edgefleet.keys.signed_document import signed
from edgefleet.report.metrics import CHANNEL
from edgefleet.report.metrics import NODES as OF_NODES

if TYPE_CHECKING:
    from tests.commands.conftest import World

__all__ = ["shop"]
FAMILIES = {family.name for family in (*OF_NODES, *CHANNEL)}


def tell(world: "World", site: str, *, hours: float = 0, **changes: Any) -> None:
    """What the nodes of a site reported so many hours ago."""
    status = {
        "state": "healthy",
        "sequence": pointers(store_of(world))[site][0],
        "diskFree": 50,
        "diskSize": 100,
        "memoryFree": 50,
        "memorySize": 100,
        "clockOffset": 1,
        "workloads": {"ready": 3, "all": 3},
        "certificateEnds": {"site": int(world.now.timestamp()) + 400 * DAY},
        "k3s": "v1.36.4+k3s1",
    }
    for node in NODES[site]:
        place = f"status/{site}/{node}.json"
        store_of(world).put(place, json.dumps(status | changes).encode())
        at = (world.now - timedelta(hours=hours)).timestamp()
        os.utime(world.project / "images" / place, (at, at))


def delegate(world: "World", days: int) -> None:
    """Release keys that end so many days from the tests' own time on."""
    document = signed(KIND, delegation(1, days=days).payload, signer(9))
    store_of(world).put("delegation.json", document)


@pytest.fixture
def quiet(shop: "World") -> "World":
    """A fleet in which nothing is wrong, in the middle of a rollout."""
    publish(shop, 2)
    run(shop, "step")
    for site in ALL:
        tell(shop, site)
    run(shop, "step")
    delegate(shop, 180)
    assert 0 == shop.run("hub", "alerts").code
    return shop


def samples(world: "World", left: int = 25) -> dict[str, Vector]:
    """What the exporter prints, whose gateway has a list that is valid for `left` days."""
    fleet = load_fleet(world.fleet_file, world.project)
    ends = int(world.now.timestamp()) + left * DAY
    (world.project / "nodes.json").write_text(watched.text(watched.watched(fleet, ends)))
    ran = world.run("sites", "metrics", "--store", "file:images", "--nodes", "nodes.json")
    assert 0 == ran.code, ran.err
    found: dict[str, Vector] = {name: {} for name in FAMILIES}
    for family in text_string_to_metric_families(ran.out):  # type: ignore[no-untyped-call]  # of the library
        found[family.name] = {frozenset(of.labels.items()): of.value for of in family.samples}
    assert FAMILIES == found.keys()
    return found


def rules(world: "World") -> list[dict[str, Any]]:
    """The rules in the file that the command wrote."""
    written = yaml.safe_load((world.project / ".edgefleet/alerts/edgefleet.rules.yaml").read_text())
    (group,) = written.pop("groups")
    assert ({}, {"name", "rules"}) == (written, group.keys())
    found: list[dict[str, Any]] = group["rules"]
    return found


def firing(world: "World", found: dict[str, Vector]) -> set[str]:
    """The alerts that have a sample; each label in their texts is one of that sample."""
    names = set()
    for rule in rules(world):
        assert {"alert", "expr", "for", "labels", "annotations"} == rule.keys()
        for labels in evaluate(rule["expr"], found, world.now.timestamp()):
            names.add(rule["alert"].removeprefix("Edgefleet"))
            for text in rule["annotations"].values():
                assert {*re.findall(r"\$labels\.(\w+)", text)} <= dict(labels).keys()
    return names


def test_in_a_fleet_in_which_nothing_is_wrong_no_alert_fires(quiet: "World") -> None:
    """Also with a rollout under way, and a node that has not been installed yet."""
    assert set() == firing(quiet, samples(quiet))
    (quiet.project / "images/status/munich/n1.json").unlink()
    assert set() == firing(quiet, samples(quiet))


WRONG: dict[str, tuple[str, Callable[["World"], object]]] = {
    "back": ("NodeFailed", lambda world: tell(world, "munich", state="rolled-back")),
    "failed": ("NodeFailed", lambda world: tell(world, "munich", state="failed")),
    "silent": ("NodeSilent", lambda world: tell(world, "munich", hours=7 * 24 + 1)),
    "unreadable": ("NodeUnreadable", lambda world: store_of(world).put("status/munich/n1.json", b"{")),
    "clock": ("ClockOff", lambda world: tell(world, "munich", clockOffset=-301)),
    "disk": ("DiskLow", lambda world: tell(world, "munich", diskFree=9)),
    "certificate": (
        "CertificateEnds",
        lambda world: tell(
            world, "munich", certificateEnds={"k3s": int(world.now.timestamp()) + 14 * DAY - 1}
        ),
    ),
    "key": ("ReleaseKeyEnds", lambda world: delegate(world, 20)),
}


@pytest.mark.parametrize("case", WRONG)
def test_each_thing_that_is_wrong_is_one_alert(quiet: "World", case: str) -> None:
    """And no other."""
    name, change = WRONG[case]
    change(quiet)
    assert {name} == firing(quiet, samples(quiet))


@pytest.mark.parametrize(
    ("case", "changes"),
    [
        ("silent for a week", {"hours": 7 * 24 - 1}),
        ("clock", {"clockOffset": -299}),
        ("disk", {"diskFree": 10}),
    ],
)
def test_less_than_that_is_none(quiet: "World", case: str, changes: dict[str, Any]) -> None:
    """The limits are those of the rules."""
    tell(quiet, "munich", **changes)
    assert set() == firing(quiet, samples(quiet)), case


def test_a_pause_and_steps_that_nobody_runs_are_alerts(quiet: "World") -> None:
    """The phase is what a step would find, so the first does not wait for one."""
    tell(quiet, "berlin", state="rolled-back")
    assert {"NodeFailed", "RolloutPaused", "RolloutNotStepped"} == firing(quiet, samples(quiet))
    run(quiet, "step")
    assert {"NodeFailed", "RolloutPaused"} == firing(quiet, samples(quiet))


def test_the_end_of_the_gateways_list_is_an_alert(quiet: "World") -> None:
    """Nine days after the last time at which an `up` would have renewed it."""
    assert set() == firing(quiet, samples(quiet, left=15))
    assert {"RevocationsEnd"} == firing(quiet, samples(quiet, left=13))


def test_an_exporter_that_is_gone_is_an_alert(quiet: "World") -> None:
    """Without metrics no other one can fire."""
    assert {"MetricsMissing"} == firing(quiet, {name: {} for name in FAMILIES})


def test_a_rule_states_what_to_do_with_commands_that_there_are(quiet: "World") -> None:
    """Each has a severity, a summary and a description."""
    commands = set()
    for rule in rules(quiet):
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert re.fullmatch(r"\d+[mh]", rule["for"])
        assert {"summary", "description"} == rule["annotations"].keys()
        commands |= {
            *re.findall(
                r"edgefleet ((?:rollout|sites|keys|hub) [a-z-]+|up\b)", rule["annotations"]["description"]
            )
        }
    assert {"rollout status", "rollout step", "sites status", "keys rotate", "up"} <= commands
    for command in commands:
        assert 0 == quiet.run(*command.split(), "--help").code


def test_each_panel_of_the_dashboard_shows_something(quiet: "World") -> None:
    """Its query is of metrics that there are, its legend of their labels, and its place its own."""
    tell(quiet, "munich", state="failed", workloads={"ready": 1, "all": 3})
    board = json.loads((quiet.project / ".edgefleet/alerts/edgefleet.dashboard.json").read_text())
    found, taken = samples(quiet), set[tuple[int, int]]()
    for panel in board["panels"]:
        (target,) = panel["targets"]
        expr = re.sub(r"\$(fleet|region)", ".*", target["expr"])
        shown = evaluate(expr, found, quiet.now.timestamp())
        assert shown, panel["title"]
        for labels in shown:
            known = dict(labels).keys() | {"key"}
            assert {*re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))} <= known, panel["title"]
        place = panel["gridPos"]
        cells = {(x, place["y"]) for x in range(place["x"], place["x"] + place["w"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert {panel["id"] for panel in board["panels"]} == {*range(1, len(board["panels"]) + 1)}
