"""Who depends on a component waits for all that is in it."""

PROGRAM = """
group = Group("group")
inner = Group("inner", Opts(parent=group))
leaf = Thing("leaf", {"value": 1}, Opts(parent=inner))
Thing("own", {"value": 1}, Opts(parent=group))
Thing("after", {"value": 1}, Opts(depends_on=[group]))
Group("last", Opts(depends_on=[inner]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy", {})]
