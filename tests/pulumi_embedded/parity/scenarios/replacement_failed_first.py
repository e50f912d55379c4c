"""A replacement that could not be created leaves the old one as it is."""

PROGRAM = """
first = Thing("first", {"pin": PIN, "fail": FAIL})
Thing("second", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"PIN": 1, "FAIL": ""}),
    ("up!", {"PIN": 2, "FAIL": "create"}),
    ("up", {"PIN": 2, "FAIL": ""}),
]
