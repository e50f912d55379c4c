"""A target that needs what is new and no target fails."""

PROGRAM = """
if MORE:
    first = Thing("first", {"value": 1})
    Thing("second", {"value": first.serial})
"""
TARGETS = {1: ("second",)}
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"MORE": False}),
    ("up!", {"MORE": True}),
    ("up", {"MORE": True}),
]
