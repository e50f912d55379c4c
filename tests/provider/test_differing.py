"""What the differ finds, as Pulumi's protocol has it."""

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as proto

from edgefleet.model.differ import Change, changes
from edgefleet.provider.differing import answer, is_ignored

KINDS = {number: name for name, number in proto.PropertyDiff.Kind.items()}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, {"a.b": "UPDATE"}),
        ({"a": {"b": 1}}, {"a": {}}, {"a.b": "DELETE"}),
        ({}, {"a": {"b": 1}}, {"a": "ADD"}),
        ({"a": [1, 2, 3]}, {"a": [1, 9]}, {"a": "UPDATE"}),
        ({"a": None}, {"a": 1}, {"a": "ADD"}),
        ({"a": 1}, {"a": None}, {"a": "DELETE"}),
        ({"r": 1}, {"r": 2}, {"r": "UPDATE_REPLACE"}),
        ({}, {"r": 2}, {"r": "ADD_REPLACE"}),
    ],
    ids=str,
)
def test_paths_and_kinds(old: dict[str, Any], new: dict[str, Any], expected: dict[str, str]) -> None:
    """As Pulumi writes them; an input that makes another resource says so."""
    found = answer(changes(dict, old, new), (old, new), replace_on=frozenset({"r"}))
    assert expected == {path: KINDS[each.kind] for path, each in found.detailedDiff.items()}
    assert (["r"] if "r" in new else []) == list(found.replaces)


def test_drift_is_a_change_of_its_own() -> None:
    """An output that is not as it should be differs, and no detailed path names it: these are of inputs."""
    found = answer([], ({}, {}), drift=["images.n1.seed"])
    assert (proto.DiffResponse.DIFF_SOME, ["images"]) == (found.changes, list(found.diffs))
    assert {} == found.detailedDiff


@pytest.mark.parametrize(
    ("pattern", "is_covered"),
    [
        ("nodes", True),
        ("nodes.n1", True),
        ("nodes.*.memory", True),
        ("nodes.n2", False),
        ("nodes.n1.memory.x", False),
    ],
)
def test_ignoring_a_path_ignores_what_is_below_it(pattern: str, is_covered: bool) -> None:  # noqa: FBT001
    """``*`` stands for any key."""
    assert is_covered == is_ignored(Change("nodes.n1.memory", 1, 2), [pattern])
