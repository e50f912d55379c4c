"""A chain through a component is deleted from its end, and made again from its start."""

PROGRAM = """
first = Thing("first", {"slot": SLOT})
group = Group("group", Opts(depends_on=[first]))
second = Thing("second", {"slot": first.serial}, Opts(parent=group))
third = Thing("third", {"pin": second.serial}, Opts(parent=group))
Thing("after", {"value": third.serial}, Opts(depends_on=[group]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"SLOT": 1}), ("up", {"SLOT": 2})]
