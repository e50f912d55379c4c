"""What the provider answers, what a report shows and what explain reads back are the same changes."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as proto
from tests.model.test_differ import Example, random_record
from tests.report.conftest import Made

from edgefleet.model.differ import changes
from edgefleet.model.site_resource import SiteInputs, SiteOutputs
from edgefleet.model.spec import from_plain
from edgefleet.model.steps import Step
from edgefleet.provider.lifecycle import Lifecycle
from edgefleet.provider.properties import encode
from edgefleet.report import document, presenters
from edgefleet.report.plan_view import Group
from edgefleet.site.resource import Site

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIz"


class Kind(Site):
    """A resource whose inputs are an `Example`: with sets and canonical forms at several levels."""

    Spec = Example


def provider_paths(resource: Site, old: dict[str, Any], new: dict[str, Any]) -> tuple[str, ...]:
    """Paths in the provider's answer to Diff."""
    request = proto.DiffRequest(old_inputs=encode(old), news=encode(new))
    return tuple(sorted(Lifecycle(resource).diff(request).detailedDiff))


def random_site(made: Made, dice: random.Random) -> dict[str, Any]:
    """The plain inputs of a site."""
    some: dict[str, Callable[[], Any]] = {
        "timezone": lambda: dice.choice(["Etc/UTC", "Europe/Berlin"]),
        "keyGeneration": lambda: dice.randint(1, 2),
        "ntp": lambda: dice.sample(["a", "b", "c"], dice.randint(0, 3)),
        "users": lambda: [
            {"name": name, "sshKeys": dice.sample(["k1", "k2"], dice.randint(1, 2))}
            for name in dice.sample(["x", "y"], dice.randint(0, 2))
        ],
        "sysctls": lambda: {name: dice.choice("12") for name in dice.sample(["vm.a", "net.b"], 1)},
        "location": lambda: dice.choice([None, {"city": dice.choice("PQ")}]),
        "link__class": lambda: dice.choice(["steady", "dark"]),
        "nodes__n1__memory": lambda: dice.randint(1, 2) * 1024**3,
        "nodes__n1__network__address": lambda: dice.choice(["10.20.7.10/24", "10.20.7.11/24"]),
        "nodes__n1__labels": lambda: {"example.com/tier": dice.choice(["gold", "tin"])},
    }
    chosen = {name: choose() for name, choose in some.items() if dice.random() < 0.5}
    return made.plain("a", **chosen) | {"store": "file:images", "key": KEY}


@pytest.mark.parametrize("seed", range(4))
def test_provider_report_and_explain_name_the_same_changes(made: Made, seed: int) -> None:
    """Over 1,000 pairs of specs, half of them with sets and canonical forms, answered or compared again."""
    dice = random.Random(seed)  # noqa: S311 - a seeded test
    changed = 0
    for number in range(250):
        resource: Site = Kind() if number % 2 else Site()
        inputs: Any = resource.Spec
        old, new = (random_record(Example, dice) if number % 2 else random_site(made, dice) for _ in range(2))
        answered = provider_paths(resource, old, new)
        shown = []
        for diff in (answered, ()):
            step = Step(urn="u::a", type="t", op="update", diff=diff, old_inputs=old, new_inputs=new)
            shown.append(presenters.changes(step, inputs, SiteOutputs))
        group = Group(number=1, outcome="reflash", sites=("a",), changes=shown[0])
        explained = document.group_of(document.plain_group(group)).changes
        assert answered == tuple(change.path for change in shown[0])
        assert shown[0] == shown[1] == changes(inputs, old, new) == explained
        changed += bool(answered)
    assert changed > 200


def test_a_key_is_named_and_never_shown(made: Made) -> None:
    """By the report; the provider names it by the same path."""
    old, new = (made.plain("a") | {"store": "file:images", "key": key} for key in (KEY, KEY[::-1]))
    assert from_plain(SiteInputs, old).key == KEY
    step = Step(urn="u::a", type="t", op="update", old_inputs=old, new_inputs=new)
    ((path, was, will),) = presenters.changes(step, SiteInputs, SiteOutputs)
    assert (("key",), "[secret]", "[secret]") == (provider_paths(Site(), old, new), was, will)
    assert path == "key"
