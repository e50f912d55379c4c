"""A target is replaced, and what depends on it is left as it was."""

PROGRAM = """
first = Thing("first", {"pin": PIN})
Thing("second", {"value": first.serial})
"""
TARGETS = {1: ("first",)}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"PIN": 1}), ("up", {"PIN": 2}), ("up", {"PIN": 2})]
