"""Differences between properties: complete, smallest, and by path."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.provider.differing import Difference, differences, is_ignored
from edgefleet.provider.properties import UNKNOWN

LEAVES = st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b", ""])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
MAPS = st.dictionaries(st.sampled_from("xyz"), TREES, max_size=3)


def patched(old: Any, new: Any, found: list[Difference]) -> Any:
    """`old` with the differences carried over from `new`."""
    result = copy.deepcopy(old)
    for each in sorted(found, key=lambda each: [str(part) for part in each.path], reverse=True):
        if each.kind != "delete":
            continue
        target = result
        for part in each.path[:-1]:
            target = target[part]
        del target[each.path[-1]]
    for each in found:
        if each.kind == "delete":
            continue
        target, source = result, new
        for part in each.path[:-1]:
            target, source = target[part], source[part]
        last = each.path[-1]
        if isinstance(target, list) and last == len(target):
            target.append(source[last])
        else:
            target[last] = source[last]
    return result


@given(MAPS)
def test_nothing_differs_from_itself(values: dict[str, Any]) -> None:
    """Whatever it is."""
    assert [] == list(differences(values, copy.deepcopy(values)))


@given(MAPS, MAPS)
def test_carrying_the_differences_over_makes_them_equal(old: dict[str, Any], new: dict[str, Any]) -> None:
    """So none is missing."""
    assert new == patched(old, new, list(differences(old, new)))


@given(MAPS, MAPS)
def test_each_difference_has_a_path_of_its_own(old: dict[str, Any], new: dict[str, Any]) -> None:
    """And the way back differs in the same places."""
    forth, back = list(differences(old, new)), list(differences(new, old))
    assert len(forth) == len({str(each) for each in forth})
    assert {each.path for each in forth} == {each.path for each in back}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, {"a.b": "update"}),
        ({"a": {"b": 1}}, {"a": {}}, {"a.b": "delete"}),
        ({}, {"a": {"b": 1}}, {"a": "add"}),
        ({"a": [1, 2, 3]}, {"a": [1, 9]}, {"a[1]": "update", "a[2]": "delete"}),
        ({"a": {"x.y/z": 1}}, {"a": {"x.y/z": 2}}, {'a["x.y/z"]': "update"}),
        ({"a": 1}, {"a": True}, {"a": "update"}),
        ({"a": None}, {"a": 1}, {"a": "add"}),
        ({"a": 1}, {"a": None}, {"a": "delete"}),
        ({"a": {"b": 1}}, {"a": UNKNOWN}, {"a": "update"}),
        ({"a": [1]}, {"a": "x"}, {"a": "update"}),
    ],
    ids=str,
)
def test_paths_and_kinds(old: dict[str, Any], new: dict[str, Any], expected: dict[str, str]) -> None:
    """As Pulumi writes them."""
    assert expected == {str(each): each.kind for each in differences(old, new)}


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
    assert is_covered == is_ignored(Difference(("nodes", "n1", "memory"), "update"), [pattern])
