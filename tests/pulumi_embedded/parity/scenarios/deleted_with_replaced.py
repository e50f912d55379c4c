"""What goes with another is replaced with it."""

PROGRAM = """
first = Thing("first", {"pin": PIN})
Thing("second", {"value": 1}, Opts(deleted_with=first))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"PIN": 1}), ("up", {"PIN": 2})]
