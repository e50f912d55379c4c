"""A replacement is made first; what depends on it follows; the old one is deleted last."""

PROGRAM = """
first = Thing("first", {"pin": PIN})
Thing("second", {"value": first.serial})
export("serial", first.serial)
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"PIN": 1}), ("up", {"PIN": 2})]
