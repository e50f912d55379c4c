"""A destroy deletes what others go with, and not those."""

PROGRAM = """
first = Thing("first", {"value": 1})
second = Thing("second", {"value": 1}, Opts(deleted_with=first))
Thing("third", {"value": second.serial}, Opts(deleted_with=second))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy", {})]
