"""A resource, and a component with its child, may take another name without being made again."""

PROGRAM = """
thing = Thing(NAME, {"value": 1}, Opts(aliases=[pulumi.Alias(name="old")]))
group = Group(NAME + "-group", Opts(aliases=[pulumi.Alias(name="old-group")]))
Thing("child", {"value": thing.serial}, Opts(parent=group))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"NAME": "old"}), ("up", {"NAME": "new"})]
