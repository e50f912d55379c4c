"""Two resources cannot have one name."""

PROGRAM = """
first = Thing("first", {"value": 1})
if TWICE:
    Thing("first", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up!", {"TWICE": True}), ("up", {"TWICE": False})]
