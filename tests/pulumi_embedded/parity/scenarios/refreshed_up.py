"""An update can begin with a look at what there is."""

PROGRAM = """
Thing("changed", {"value": 1})
Thing("gone", {"value": 1})
it = found("it", "one")
Thing("last", {"value": it.value})
"""
OUTSIDE = {0: {"one": {"value": 1}}, 1: {"changed-0": {"value": 7}, "gone-0": None, "one": {"value": 2}}}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("up --refresh", {}), ("up --refresh", {})]
