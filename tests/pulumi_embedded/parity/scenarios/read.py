"""A resource that is managed elsewhere is looked up."""

PROGRAM = """
first = Thing("first", {"value": 1})
if LOOK:
    other = found("other", "first-0")
    Thing("second", {"value": other.value})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"LOOK": False}), ("up", {"LOOK": True})]
