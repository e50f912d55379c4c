"""A look-up of what does not exist fails."""

PROGRAM = """
first = Thing("first", {"value": 1})
if LOOK:
    found("it", first.serial.apply(lambda it: "nowhere"))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up!", {"LOOK": True}), ("up", {"LOOK": False})]
