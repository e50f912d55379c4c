"""An input that changes is an update in place; what depends on it stays the same."""

PROGRAM = """
first = Thing("first", {"value": VALUE})
Thing("second", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"VALUE": 1}), ("up", {"VALUE": 2})]
