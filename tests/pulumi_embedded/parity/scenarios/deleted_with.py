"""What goes with another is not deleted by itself."""

PROGRAM = """
if KEEP:
    first = Thing("first", {"value": 1})
    Thing("second", {"value": 1}, Opts(deleted_with=first))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"KEEP": True}), ("up", {"KEEP": False})]
