"""Each property remembers what it was made of."""

PROGRAM = """
first = Thing("first", {"value": 1})
second = Thing("second", {"value": first.serial})
Thing("third", {
    "value": Output.all(first.serial, second.serial).apply(lambda both: "+".join(both)),
    "deep": {"a": [second.serial]},
    "plain": 1,
}, Opts(depends_on=[first]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("up", {})]
