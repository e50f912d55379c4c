"""What the program no longer has is deleted, in the reverse order of need."""

PROGRAM = """
first = Thing("first", {"value": 1})
if MORE:
    second = Thing("second", {"value": first.serial})
    Thing("third", {"value": second.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"MORE": True}), ("up", {"MORE": False})]
