"""A target that others need is not destroyed without them."""

PROGRAM = """
first = Thing("first", {"value": 1})
Thing("second", {"value": first.serial})
"""
TARGETS = {1: ("first",)}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy!", {})]
