"""What was deleted to be replaced, and is no longer wanted, is forgotten."""

PROGRAM = """
if KEEP:
    first = Thing("first", {"slot": SLOT, "fail": FAIL})
    Thing("second", {"pin": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"KEEP": True, "SLOT": 1, "FAIL": ""}),
    ("up!", {"KEEP": True, "SLOT": 2, "FAIL": "create"}),
    ("up", {"KEEP": False, "SLOT": 2, "FAIL": ""}),
]
