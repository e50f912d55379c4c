"""What was deleted to be replaced, and could not be created again, is made by a later run."""

PROGRAM = """
first = Thing("first", {"slot": SLOT, "fail": FAIL})
Thing("second", {"pin": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"SLOT": 1, "FAIL": ""}),
    ("up!", {"SLOT": 2, "FAIL": "create"}),
    ("up", {"SLOT": 2, "FAIL": ""}),
]
