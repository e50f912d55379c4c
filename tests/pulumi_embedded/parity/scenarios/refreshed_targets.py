"""Only targets are looked up."""

PROGRAM = """
Thing("first", {"value": 1})
Thing("second", {"value": 1})
Thing("third", {"value": 1})
"""
OUTSIDE = {1: {"first-0": {"value": 7}, "second-0": {"value": 7}, "third-0": None}}
TARGETS = {1: ("second", "third")}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("refresh", {}), ("up", {})]
