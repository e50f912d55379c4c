"""A component moves, and what is in it has another name too: each alias counts under both parents."""

PROGRAM = """
if OLD:
    group = Group("group")
    Thing("first", {"value": 1}, Opts(parent=group))
    Thing("group-second", {"value": 1}, Opts(parent=group))
    Thing("third", {"value": 1}, Opts(parent=group))
    inner = Group("inner", Opts(parent=group))
    Thing("deep", {"value": 1}, Opts(parent=inner))
else:
    outer = Group("outer")
    was = pulumi.Alias(name="group", parent=pulumi.ROOT_STACK_RESOURCE)
    group = Group("moved", Opts(parent=outer, aliases=[was]))
    Thing("1st", {"value": 1}, Opts(parent=group, aliases=[pulumi.Alias(name="first")]))
    Thing("moved-second", {"value": 1}, Opts(parent=group))
    urn = "urn:pulumi:dev::fleet::example:test:Group$example:test:Thing::third"
    Thing("3rd", {"value": 2}, Opts(parent=group, aliases=["urn:pulumi:dev::fleet::none:at:All::none", urn]))
    inner = Group("inside", Opts(parent=group, aliases=[pulumi.Alias(name="inner")]))
    Thing("deeper", {"value": 1}, Opts(parent=inner, aliases=[pulumi.Alias(name="deep")]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"OLD": True}), ("up", {"OLD": False}), ("destroy", {})]
