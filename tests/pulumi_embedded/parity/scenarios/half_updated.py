"""An update that left something unwell is recorded with its reasons, and made good by the next run."""

PROGRAM = """
first = Thing("first", {"value": VALUE, "fail": FAIL})
Thing("second", {"value": first.value})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"VALUE": 1, "FAIL": ""}),
    ("up!", {"VALUE": 2, "FAIL": "init"}),
    ("up", {"VALUE": 2, "FAIL": ""}),
]
