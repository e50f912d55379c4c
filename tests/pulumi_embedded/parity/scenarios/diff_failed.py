"""A comparison that fails ends the run."""

PROGRAM = """
first = Thing("first", {"value": 1})
Thing("second", {"value": first.serial, "fail": FAIL})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"FAIL": ""}),
    ("up!", {"FAIL": "diff"}),
    ("up", {"FAIL": ""}),
]
