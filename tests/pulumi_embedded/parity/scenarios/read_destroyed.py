"""A destroy forgets what was only looked up."""

PROGRAM = """
it = found("it", "one")
Thing("first", {"value": it.value})
"""
OUTSIDE = {0: {"one": {"value": 1}}}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy", {})]
