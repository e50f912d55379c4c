"""A replacement that is not well is on record, and the old one is deleted by a later run."""

PROGRAM = """
first = Thing("first", {"pin": PIN, "fail": FAIL})
Thing("second", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"PIN": 1, "FAIL": ""}),
    ("up!", {"PIN": 2, "FAIL": "init"}),
    ("up", {"PIN": 2, "FAIL": ""}),
]
