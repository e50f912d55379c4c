"""Everything can be ignored, but not at first."""

PROGRAM = """
Thing("first", {"value": VALUE, "pin": VALUE, **EXTRA}, Opts(ignore_changes=["*"]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"VALUE": 1, "EXTRA": {"a": 1}}),
    ("up", {"VALUE": 2, "EXTRA": {"b": 1}}),
]
