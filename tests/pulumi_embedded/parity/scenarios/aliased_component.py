"""A component's other name is followed by all that is in it, at any depth."""

PROGRAM = """
group = Group(NAME, Opts(aliases=[pulumi.Alias(name="old")]))
inner = Group(NAME + "-inner", Opts(parent=group))
leaf = Thing(NAME + "-leaf", {"value": 1}, Opts(parent=inner))
Thing("beside", {"value": leaf.serial}, Opts(parent=group, depends_on=[inner]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"NAME": "old"}), ("up", {"NAME": "new"})]
