"""The old half of a replacement that could not be deleted is deleted by a later run."""

PROGRAM = """
first = Thing("first", {"pin": PIN, "fail": FAIL})
Thing("second", {"value": first.serial})
"""
OUTSIDE = {2: {"first-0": {"pin": 1}}}
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"PIN": 1, "FAIL": "delete"}),
    ("up!", {"PIN": 2, "FAIL": ""}),
    ("up", {"PIN": 2, "FAIL": ""}),
]
