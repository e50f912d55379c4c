"""A preview that fails says so, and changes nothing."""

PROGRAM = """
first = Thing("first", {"value": VALUE})
Thing("second", {"value": 1, "fail": FAIL}, Opts(depends_on=[first]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"VALUE": 1, "FAIL": ""}),
    ("preview!", {"VALUE": 2, "FAIL": "check"}),
    ("preview", {"VALUE": 2, "FAIL": ""}),
]
