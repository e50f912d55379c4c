"""An alias names what a resource was before: its URN, its name, its type, its parent or none."""

PROGRAM = """
group = Group("group")
if OLD:
    Thing("urn-old", {"value": 1})
    Thing("moved-in", {"value": 1})
    Thing("moved-out", {"value": 1}, Opts(parent=group))
    Thing("typed", {"value": 1})
    Thing("all-old", {"value": 1}, Opts(parent=group))
else:
    urn = "urn:pulumi:dev::fleet::example:test:Thing::urn-old"
    Thing("urn", {"value": 1}, Opts(aliases=[urn]))
    was = pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)
    Thing("moved-in", {"value": 1}, Opts(parent=group, aliases=[was]))
    Thing("moved-out", {"value": 1}, Opts(aliases=[pulumi.Alias(parent=group)]))
    was = pulumi.Alias(type_="example:test:Thing")
    pulumi.CustomResource("example:test:Other", "typed", {"value": 1}, Opts(aliases=[was]))
    was = pulumi.Alias(name="all-old", parent=group, type_="example:test:Thing")
    pulumi.CustomResource("example:test:Other", "all", {"value": 2}, Opts(aliases=[was]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"OLD": True}),
    ("up", {"OLD": False}),
    ("up", {"OLD": False}),
]
