"""Ignored paths go through lists and maps, to what is added and what is taken away."""

PROGRAM = """
Thing(
    "first",
    {"list": [{"a": VALUE, "b": VALUE}, {"a": VALUE, "b": 1}], "map": {"x": VALUE, "y": VALUE}, **EXTRA},
    Opts(ignore_changes=["list[*].a", "map.x", "added", "taken", "map.z"]),
)
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"VALUE": 1, "EXTRA": {"taken": 1}}),
    ("up", {"VALUE": 2, "EXTRA": {"added": 1}}),
]
