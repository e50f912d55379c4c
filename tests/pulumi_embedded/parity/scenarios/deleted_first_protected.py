"""A protected dependent stops a replacement before any other dependent is deleted."""

PROGRAM = """
first = Thing("first", {"slot": STEP})
second = Thing("second", {"pin": first.serial}, Opts(protect=True))
Thing("third", {"pin": second.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"STEP": 1}), ("up!", {"STEP": 2})]
