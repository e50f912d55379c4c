"""Of what the program no longer has, only targets are deleted."""

PROGRAM = """
if MORE:
    Thing("first", {"value": 1})
    Thing("second", {"value": 1})
Thing("third", {"value": 1})
"""
TARGETS = {1: ("second",)}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"MORE": True}), ("up", {"MORE": False})]
