"""A component's inputs and options are on record, and change with the program."""

PROGRAM = """
group = pulumi.ComponentResource("example:test:Group", "group", {"size": SIZE}, Opts(protect=SIZE == 1))
thing = Thing("thing", {"value": 1}, Opts(parent=group))
group.register_outputs({"serial": thing.serial, "hidden": Output.secret(SIZE)})
export("size", SIZE)
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"SIZE": 1}), ("up", {"SIZE": 2})]
