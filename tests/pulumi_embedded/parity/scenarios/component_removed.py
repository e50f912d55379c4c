"""A component goes with all that is in it, and a component may become a resource of another kind."""

PROGRAM = """
first = Thing("first", {"value": 1})
if KEEP:
    group = Group("group", Opts(depends_on=[first]))
    inner = Group("inner", Opts(parent=group))
    Thing("leaf", {"value": 1}, Opts(parent=inner))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"KEEP": True}), ("up", {"KEEP": False})]
