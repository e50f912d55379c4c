"""An update that fails leaves the old inputs on record."""

PROGRAM = """
first = Thing("first", {"value": VALUE, "fail": FAIL})
Thing("second", {"value": first.value})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"VALUE": 1, "FAIL": ""}),
    ("up!", {"VALUE": 2, "FAIL": "update"}),
    ("up", {"VALUE": 3, "FAIL": ""}),
]
