"""An input that changes is an update in place; what depends on it stays the same."""

PROGRAM = """
first = Thing("first", {"value": VALUE})
Thing("second", {"value": first.serial})
"""
RUNS = [("up", {"VALUE": 1}), ("up", {"VALUE": 2})]
