"""Only targets are touched."""

PROGRAM = """
first = Thing("first", {"value": VALUE})
second = Thing("second", {"value": VALUE})
if VALUE == 2:
    Thing("third", {"value": VALUE})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"VALUE": 1}), ("up", {"VALUE": 2})]
TARGETS = {1: ("second",)}
