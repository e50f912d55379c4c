"""Property paths are read, matched and put back as resource options mean them."""

from typing import Any

import pytest

from pulumi_embedded import paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ('a["x.y"].z', ("a", "x.y", "z")),
        ("a[*].b", ("a", "*", "b")),
        ("*", ("*",)),
    ],
)
def test_parse(text: str, expected: paths.Path) -> None:
    """Keys, indices, quoted keys and wildcards are told apart."""
    assert expected == paths.parse(text)


def test_contains() -> None:
    """A pattern contains its own path and those below."""
    assert paths.contains(paths.parse("a[*]"), paths.parse("a[2].b"))
    assert not paths.contains(paths.parse("a.b"), paths.parse("a"))


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("a", {"a": 1}, {"a": 2, "b": 3}, {"a": 1, "b": 3}),
        ("a", {"a": 1}, {"b": 3}, {"a": 1, "b": 3}),
        ("a", {}, {"a": 2, "b": 3}, {"b": 3}),
        ("a.b", {"a": {"b": 1}}, {"a": {"b": 2, "c": 2}}, {"a": {"b": 1, "c": 2}}),
        ("a[1]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [3, 2]}),
        ("a[5]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [3, 4]}),
        ("a[*].b", {"a": [{"b": 1}]}, {"a": [{"b": 2}]}, {"a": [{"b": 1}]}),
    ],
)
def test_reset(path: str, old: Any, new: Any, expected: Any) -> None:
    """What a path names is as it was; all else is as it is wanted."""
    assert expected == paths.reset(paths.parse(path), old, new)
