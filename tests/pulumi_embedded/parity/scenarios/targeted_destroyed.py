"""A destroy of a target only leaves the others."""

PROGRAM = """
first = Thing("first", {"value": 1})
Thing("second", {"value": first.serial})
Thing("third", {"value": 1})
"""
TARGETS = {1: ("second",)}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy", {})]
