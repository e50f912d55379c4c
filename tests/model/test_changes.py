"""What differs, what it does to a node, and who differs alike."""

from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.model.changes import SiteChange, declared_effect, effect_of, grouped, without_nodes
from edgefleet.model.differ import Change
from edgefleet.model.effects import Effect
from edgefleet.model.site import SiteSpec
from edgefleet.model.type_introspection import fields_of, is_record, shape_of

EFFECTS = {
    "timezone": Effect.LIVE,
    "location.city": Effect.NONE,
    "location": Effect.NONE,
    "link.down": Effect.NONE,
    "k3s.version": Effect.LIVE,
    "k3s.disable": Effect.RESTART,
    'registries["docker.io"].endpoints': Effect.RESTART,
    "registries.x": Effect.RESTART,
    "users[0].sshKeys[1]": Effect.LIVE,
    "nodes.n1.network.address": Effect.REFLASH,
    'nodes.n1.labels["a.b/c"]': Effect.LIVE,
    "nodes.n2": Effect.REFLASH,
    "keyGeneration": Effect.REFLASH,
    "something.new": Effect.REFLASH,
}


@pytest.mark.parametrize("path", EFFECTS)
def test_the_effect_of_a_path_is_the_one_its_field_declares(path: str) -> None:
    """Through options, maps and lists; what no spec knows is taken for the worst."""
    assert EFFECTS[path] is declared_effect(SiteSpec, path)


def leaves(kind: Any, path: str = "") -> dict[str, list[Any]]:
    """dict[path of each field of a spec and of those in it -> notes of its annotation]."""
    found: dict[str, list[Any]] = {}
    for name, annotation in fields_of(kind).items():
        shape = shape_of(annotation)
        found[f"{path}.{name}"] = list(shape.notes)
        for argument in (shape.bare, *getattr(shape.bare, "__args__", ())):
            if is_record(argument) and is_dataclass(argument):
                found |= leaves(argument, f"{path}.{name}")
    return found


def test_every_field_of_a_site_declares_its_effect() -> None:
    """A field without one would be guessed about in every preview."""
    found = leaves(SiteSpec)
    assert len(found) > len(fields(SiteSpec)) + 30
    assert {} == {
        path: notes for path, notes in found.items() if not any(isinstance(n, Effect) for n in notes)
    }


@pytest.mark.parametrize(
    ("path", "digest_changed", "has_channel", "effect"),
    [
        ("timezone", True, False, Effect.REFLASH),
        ("timezone", True, True, Effect.LIVE),
        ("k3s.disable", True, True, Effect.RESTART),
        ("location.city", False, False, Effect.NONE),
        ("location.city", True, False, Effect.REFLASH),
        ("location.city", True, True, Effect.RESTART),
        ("timezone", None, False, Effect.REFLASH),
        ("location.city", None, False, Effect.NONE),
        ("timezone", False, False, Effect.NONE),
    ],
)
def test_without_a_channel_a_new_image_is_the_only_way(
    *, path: str, digest_changed: bool | None, has_channel: bool, effect: Effect
) -> None:
    """Live and restart count as reflash then; a new image that nothing explains always does."""
    change = Change(path, 1, 2)
    assert effect is effect_of(SiteSpec, [change], digest_changed=digest_changed, has_channel=has_channel)


def test_sites_with_the_same_change_are_one_group() -> None:
    """Whatever their nodes are called; the worst effect and the largest group come first."""
    memory = [Change(f"nodes.{node}.memory", 4, 8) for node in ("n1", "x", "y")]
    groups = grouped(
        [
            SiteChange(name="b", op="update", effect=Effect.REFLASH, changes=(memory[0],), nodes=("n1",)),
            SiteChange(
                name="a", op="update", effect=Effect.REFLASH, changes=tuple(memory[1:]), nodes=("x", "y")
            ),
            SiteChange(name="c", op="update", effect=Effect.REFLASH, changes=(memory[1],), nodes=("x", "y")),
            SiteChange(name="d", op="update", effect=Effect.LIVE, changes=(Change("timezone", 1, 2),)),
            SiteChange(name="e", op="same"),
        ]
    )
    assert [("a", "b"), ("c",), ("d",)] == [group.sites for group in groups]
    assert ["memory", "nodes.x.memory", "timezone"] == [group.changes[0].path for group in groups]


def test_a_value_is_not_equal_to_another_type_s() -> None:
    """Yes is not 1 in a group either."""
    sites = [
        SiteChange(name=n, op="update", changes=(Change("x", 0, v),)) for n, v in (("a", True), ("b", 1))
    ]
    assert 2 == len(grouped(sites))


site_changes = st.builds(
    SiteChange,
    name=st.text("abc", min_size=1, max_size=4),
    op=st.sampled_from(["same", "create", "update", "replace", "delete"]),
    effect=st.sampled_from(list(Effect)),
    changes=st.lists(
        st.builds(
            Change,
            st.sampled_from(["keyGeneration", "nodes.n1.memory", "nodes.n2.memory"]),
            st.just(1),
            st.integers(2, 3),
        ),
        unique_by=lambda change: change.path,
        max_size=3,
    ).map(tuple),
    nodes=st.sampled_from([("n1",), ("n1", "n2")]),
)


@given(st.lists(site_changes, unique_by=lambda site: site.name))
def test_every_changed_site_is_in_one_group(sites: list[SiteChange]) -> None:
    """What a preview says of the fleet is never more or less than the fleet."""
    shown = sorted(name for group in grouped(sites) for name in group.sites)
    assert sorted(site.name for site in sites if site.op != "same") == shown
    assert grouped(sites) == grouped(sites[::-1])


@given(st.lists(site_changes, min_size=1, max_size=1))
def test_leaving_out_node_names_loses_no_change(sites: list[SiteChange]) -> None:
    """What all nodes have alike is shown once, everything else as it was."""
    (site,) = sites
    shown = without_nodes(site.changes, site.nodes)
    assert {(c.path.split(".")[-1], c.old, c.new) for c in site.changes} == {
        (c.path.split(".")[-1], c.old, c.new) for c in shown
    }
