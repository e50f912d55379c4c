"""What was deleted outside is made again; what depends on it follows."""

PROGRAM = """
group = Group("group")
first = Thing("first", {"value": 1}, Opts(parent=group))
second = Thing("second", {"value": first.serial})
Thing("third", {"pin": first.serial}, Opts(deleted_with=first))
Thing("below", {"value": 1}, Opts(parent=second))
"""
OUTSIDE = {1: {"first-0": None}}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("refresh", {}), ("up", {})]
