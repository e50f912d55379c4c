"""What holds for any workload: its objects are a function of its fields, where a value is only a text."""

import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.workloads.offline_schemas import paths, problems_of, untyped
from tests.workloads.strategies import objects_of_any
from tests.workloads.test_kinds import FLEET, texts

from edgefleet.io.yaml_text import from_yaml
from edgefleet.model.geography import City
from edgefleet.model.k3s_flags import MINORS
from edgefleet.model.type_introspection import shape_of
from edgefleet.workloads import KINDS
from edgefleet.workloads.base.kind import Object
from edgefleet.workloads.base.spec import Pods
from edgefleet.workloads.base.values import SITE_VALUES, filled
from edgefleet.workloads.composing import entry, objects_of, text_of

SITE = FLEET.sites["de-ber-001"]
ENTRIES = {
    name: entry(replace(spec, environment=spec.environment | {"CITY": "{site.location.city}"}))
    for name, spec in FLEET.workloads.items()
    if isinstance(spec, Pods)
}
"""dict[workload -> its entry, in which placeholders stand]."""
LIKE_YAML = (
    "- a",
    "& a",
    "/a/",
    "'",
    "''",
    "a, b",
    ". ",
    "...",
    "---",
    "-",
    ",",
    "a - b",
    "(a) 'b'",
    "İzmir",
)
LIKE_OTHERS = ("yes", "NO", "null", "1e3", "0x1f", "012", "0o17", ".5", "2026-11-29", "1/2", "nan", ".inf")
(CITY,) = shape_of(City).notes
CITIES = st.one_of(st.sampled_from(LIKE_YAML + LIKE_OTHERS), st.text(max_size=20)).filter(CITY.accepts)


def composed(entries: dict[str, Any]) -> list[Object]:
    """The objects of a site with these workloads."""
    of_each = objects_of(replace(SITE, workloads=entries))
    return [thing for objects in of_each.values() for thing in objects]


def with_values(city: str) -> dict[str, Any]:
    """The entries with the values of the site, and `city`; it is the one value that is any text."""
    values = {name: str(value(SITE)) for name, value in SITE_VALUES.items()}
    found: dict[str, Any] = filled(ENTRIES, values | {"site.location.city": city})
    return found


def shuffled(value: Any, random: Random) -> Any:
    """The same value with the keys of its maps in another order."""
    if isinstance(value, dict):
        keys = random.sample(list(value), len(value))
        return {key: shuffled(value[key], random) for key in keys}
    return [shuffled(item, random) for item in value] if isinstance(value, list) else value


@given(st.integers())
@settings(max_examples=20)
def test_the_order_of_keys_does_not_matter(seed: int) -> None:
    """At any depth; the bytes of a manifest are the same, and the entries are not changed."""
    entries = with_values("Berlin")
    before = deepcopy(entries)
    random = Random(seed)  # noqa: S311 - for an order
    in_order = {name: shuffled(entries[name], random) for name in entries}
    assert text_of(composed(entries)) == text_of(composed(in_order))
    assert before == entries


def test_another_process_composes_the_same() -> None:
    """Whose sets and hashes have another order."""
    program = "from tests.workloads.test_kinds import texts; print(''.join(texts().values()), end='')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": ".", "PYTHONIOENCODING": "utf-8"},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert "".join(texts().values()) == done.stdout


@given(CITIES)
@settings(max_examples=50)
def test_a_value_changes_no_structure(city: str) -> None:
    """Objects have the paths that they have with a plain value, and are read as they were written."""
    plain, objects = composed(with_values("Berlin")), composed(with_values(city))
    assert [*map(paths, plain)] == [*map(paths, objects)]
    assert objects == from_yaml(text_of(objects))


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"chart", "manifests"}))
@given(data=st.data())
@settings(max_examples=15)
def test_what_a_fleet_file_may_write_gives_objects_that_kubernetes_knows(
    kind: str, data: st.DataObject
) -> None:
    """In the oldest and the newest minor version."""
    objects = data.draw(objects_of_any(kind))
    problems = [
        each for thing in objects for minor in (MINORS[0], MINORS[-1]) for each in problems_of(thing, minor)
    ]
    assert [] == problems
    assert [] == [each for thing in objects for each in untyped(thing)]
    assert objects == from_yaml(text_of(objects))
