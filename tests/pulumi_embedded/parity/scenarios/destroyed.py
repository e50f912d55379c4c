"""A destroy leaves nothing."""

PROGRAM = """
group = Group("group")
first = Thing("first", {"value": 1}, Opts(parent=group))
Thing("second", {"value": first.serial}, Opts(depends_on=[group]))
group.register_outputs({"count": 2})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy", {})]
