"""What differs between two plain specs."""

import copy
import random
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.model.differ import Change, changes, is_same, value_at, without_defaults
from edgefleet.model.paths import parse_path
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import Canonical, Unordered, from_plain, spec, to_plain
from edgefleet.model.type_introspection import fields_of
from edgefleet.model.unknown import UNKNOWN

SITE: dict[str, Any] = {
    "fleet": "retail",
    "region": "test",
    "name": "a",
    "recipe": 1,
    "users": [{"name": "ops", "sshKeys": ["k1"]}],
    "k3s": {"version": "v1.36.4+k3s1"},
    "nodes": {
        "n1": {
            "hostname": "a",
            "arch": "amd64",
            "cpus": 4,
            "memory": 8,
            "disk": 64,
            "network": {"address": "10.1.0.4/24", "dns": ["9.9.9.9"]},
        }
    },
}


def upper(value: Any) -> Any:
    """Text compared without its case."""
    return value.upper() if isinstance(value, str) else value


@spec
class Rule:
    """A member of a set."""

    port: int
    protocol: Annotated[str, Canonical(upper)] = "tcp"
    sources: Annotated[tuple[str, ...], Unordered()] = ()


@spec
class Inner:
    """A part with a default of its own."""

    mode: str = "on"
    names: Annotated[tuple[str, ...], Unordered()] = ("a",)


@spec
class Example:
    """Everything that changes how two values are compared, at the top and below it."""

    name: str
    count: int = 3
    is_on: bool = False
    order: tuple[str, ...] = ()
    ports: Annotated[tuple[int, ...], Unordered()] = (80, 443)
    rules: Annotated[tuple[Rule, ...], Unordered()] = ()
    steps: tuple[Rule, ...] = ()
    level: Annotated[str, Canonical(upper)] = "info"
    inner: Inner = Inner(mode="off")
    maybe: Inner | None = None
    parts: dict[str, Inner]


CHOICES: dict[str, Callable[[random.Random], Any]] = {
    "port": lambda dice: dice.randint(1, 3),
    "protocol": lambda dice: dice.choice(["tcp", "TCP", "udp"]),
    "mode": lambda dice: dice.choice(["on", "off"]),
    "count": lambda dice: dice.choice([0, 1, 3]),
    "isOn": lambda dice: dice.choice([True, False]),
    "level": lambda dice: dice.choice(["info", "INFO", "debug"]),
    "name": lambda dice: dice.choice("ab"),
}
LISTS: dict[str, Callable[[random.Random], Any]] = {
    "sources": lambda dice: dice.choice("xyz"),
    "names": lambda dice: dice.choice("ab"),
    "order": lambda dice: dice.choice("ab"),
    "ports": lambda dice: dice.choice([80, 443, 22]),
    "rules": lambda dice: random_record(Rule, dice),
    "steps": lambda dice: random_record(Rule, dice),
}
RECORDS: dict[str, Callable[[random.Random], Any]] = {
    "inner": lambda dice: random_record(Inner, dice),
    "maybe": lambda dice: dice.choice([None, random_record(Inner, dice)]),
    "parts": lambda dice: {name: random_record(Inner, dice) for name in "nm" if dice.random() < 0.7},
}
NEEDED = {"name", "port", "parts"}


def random_record(of: Any, dice: random.Random) -> dict[str, Any]:
    """A plain `of`; about half of what has a default is left out, and some defaults are spelled out."""
    made: dict[str, Any] = {}
    for name in fields_of(of):
        if name not in NEEDED and dice.random() < 0.5:
            continue
        if name in LISTS:
            made[name] = [LISTS[name](dice) for _ in range(dice.randint(0, 3))]
        else:
            made[name] = (CHOICES | RECORDS)[name](dice)
    return made


def meaning(plain: dict[str, Any]) -> Any:
    """What an `Example` means: equal for two that differ only in how they are written."""

    def of_rule(rule: Rule) -> Any:
        return (rule.port, rule.protocol.upper(), tuple(sorted(rule.sources)))

    def of_inner(inner: Inner | None) -> Any:
        return None if inner is None else (inner.mode, tuple(sorted(inner.names)))

    it = from_plain(Example, plain)
    return (
        (it.name, it.count, it.is_on, it.order, tuple(sorted(it.ports)), it.level.upper()),
        (sorted(map(of_rule, it.rules)), [of_rule(rule) for rule in it.steps]),
        (of_inner(it.inner), of_inner(it.maybe), {name: of_inner(part) for name, part in it.parts.items()}),
    )


@pytest.mark.parametrize("seed", range(4))
def test_what_is_written_otherwise_is_no_change_and_what_means_otherwise_is_one(seed: int) -> None:
    """Over 1,000 pairs: no change exactly where both mean the same, and carried over they leave none."""
    dice = random.Random(seed)  # noqa: S311 - a seeded test
    changed = 0
    for _ in range(250):
        old, new = (random_record(Example, dice) for _ in range(2))
        if dice.random() < 0.3:
            new = to_plain(from_plain(Example, old)) | {"ports": [443, 80]}
        found = changes(Example, old, new)
        assert (meaning(old) == meaning(new)) is (not found)
        assert () == changes(Example, carried_over(old, found), new)
        assert [(c.path, c.new, c.old) for c in found] == [tuple(c) for c in changes(Example, new, old)]
        for change in found:
            sides = (value_at(Example, old, change.path), value_at(Example, new, change.path))
            assert sides == (change.old, change.new)
        changed += bool(found)
    assert 150 < changed < 250


def carried_over(old: dict[str, Any], found: tuple[Change, ...]) -> dict[str, Any]:
    """`old` with each changed value as it is in the new one."""
    made: Any = copy.deepcopy(old)
    for change in found:
        *above, last = parse_path(change.path)
        place = made
        for depth, part in enumerate(above):
            if isinstance(place, dict) and part not in place:
                default = value_at(Example, old, ".".join(map(str, above[: depth + 1])))
                place[part] = copy.deepcopy(default) or {}
            place = place[part]
        if change.new is None and isinstance(place, dict) and above[:1] == ["parts"] and len(above) == 1:
            del place[last]
        else:
            is_list = isinstance(change.old, list)
            place[last] = [] if change.new is None and is_list else change.new
    return dict(made)


def test_a_changed_address_is_one_change_by_its_path() -> None:
    """Old and new value stand side by side."""
    node = {**SITE["nodes"]["n1"], "network": {"address": "10.1.0.5/24", "dns": ["9.9.9.9"]}}
    expected = (Change("nodes.n1.network.address", "10.1.0.4/24", "10.1.0.5/24"),)
    assert expected == changes(SiteSpec, SITE, {**SITE, "nodes": {"n1": node}})


def test_a_default_stands_where_nothing_was_written() -> None:
    """State leaves out what equals its default; a person is shown it."""
    assert (Change("keyGeneration", 1, 2),) == changes(SiteSpec, SITE, {**SITE, "keyGeneration": 2})
    assert (Change("link.class", "steady", "dark"),) == changes(
        SiteSpec, SITE, {**SITE, "link": {"class": "dark"}}
    )
    assert () == changes(SiteSpec, SITE, {**SITE, "keyGeneration": 1, "timezone": "Etc/UTC", "sysctls": {}})


def test_lists_are_one_value_but_lists_of_maps_are_looked_into() -> None:
    """A list replaces another; a user's new key is a change of that user."""
    more = {**SITE, "users": [{"name": "ops", "sshKeys": ["k2"]}], "ntp": ["a", "b"]}
    expected = (Change("ntp", None, ["a", "b"]), Change("users[0].sshKeys", ["k1"], ["k2"]))
    assert expected == changes(SiteSpec, SITE, more)
    two = {**SITE, "users": [*SITE["users"], {"name": "x", "sshKeys": ["k"]}]}
    assert ["users"] == [change.path for change in changes(SiteSpec, SITE, two)]


def test_names_with_dots_are_quoted() -> None:
    """A path is one that Pulumi reads too."""
    more = {**SITE, "sysctls": {"net.core.somaxconn": "1024"}}
    assert (Change('sysctls["net.core.somaxconn"]', None, "1024"),) == changes(SiteSpec, SITE, more)


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b"]),
        ({"a": {"b": 1}}, {"a": {}}, ["a.b"]),
        ({}, {"a": {"b": 1}}, ["a"]),
        ({"a": [1, 2, 3]}, {"a": [1, 9]}, ["a"]),
        ({"a": [1, {"b": 1}]}, {"a": [1, {"b": True}]}, ["a"]),
        ({"a": {"x.y/z": 1}}, {"a": {"x.y/z": 2}}, ['a["x.y/z"]']),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"a": None}, {"a": 1}, ["a"]),
        ({"a": {"b": 1}}, {"a": UNKNOWN}, ["a"]),
        ({"a": UNKNOWN}, {"a": UNKNOWN}, []),
        ({"a": [1]}, {"a": "x"}, ["a"]),
    ],
    ids=str,
)
def test_what_nobody_declares_is_compared_as_it_is(
    old: dict[str, Any], new: dict[str, Any], paths: list[str]
) -> None:
    """The configuration of an older version too; yes is not 1."""
    assert paths == [change.path for change in changes(dict, old, new)]


def test_an_unknown_value_has_no_form() -> None:
    """A canonical form is never asked of what is not known yet."""
    assert [Change("level", "info", UNKNOWN)] == [*changes(Example, {"level": "info"}, {"level": UNKNOWN})]
    assert is_same(Example, "level", "info", "INFO")
    assert is_same(Example, "ports", [443, 80], [80, 443])
    assert not is_same(Example, "order", ["a", "b"], ["b", "a"])


def test_defaults_are_left_out_at_every_level() -> None:
    """Also where the whole is no spec, as something in it is missing or not known."""
    given = {"count": 3, "ports": [80, 443], "inner": {"mode": "off", "names": ["a"]}, "level": UNKNOWN}
    assert {"level": UNKNOWN} == without_defaults(Example, given)
    assert {"steps": [{"port": 1}]} == without_defaults(
        Example, {"steps": [{"port": 1, "protocol": "tcp"}], "isOn": False}
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("xyz"), below, max_size=3),
    max_leaves=8,
)
PLAINS = st.dictionaries(st.text("abc.", min_size=1, max_size=2), VALUES, max_size=4)


@given(PLAINS, PLAINS)
def test_changes_are_symmetric_sorted_and_real(old: dict[str, Any], new: dict[str, Any]) -> None:
    """There and back are the same paths with old and new exchanged, and nothing differs from itself."""
    there, back = changes(dict, old, new), changes(dict, new, old)
    assert [(change.path, change.new, change.old) for change in there] == [tuple(change) for change in back]
    assert [change.path for change in there] == sorted({change.path for change in there})
    assert [] == [change for change in there if repr(change.old) == repr(change.new)]
    assert () == changes(dict, old, copy.deepcopy(old))
