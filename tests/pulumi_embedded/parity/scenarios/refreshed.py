"""A refresh records what is there: changed, gone or the same."""

PROGRAM = """
first = Thing("same", {"value": 1})
Thing("changed", {"value": 1})
Thing("gone", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("refresh", {}), ("up", {})]
OUTSIDE = {1: {"changed-0": {"value": 7}, "gone-0": None}}
