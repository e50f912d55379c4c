"""Where the old one must go first, so must what would be replaced with it, and only that."""

PROGRAM = """
first = Thing("first", {"slot": SLOT})
Thing("follows", {"pin": first.serial})
Thing("updates", {"value": first.serial})
Thing("orders", {"value": 1}, Opts(depends_on=[first]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"SLOT": 1}), ("up", {"SLOT": 2})]
