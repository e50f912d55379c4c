"""A destroy stops at what is protected."""

PROGRAM = """
first = Thing("first", {"value": 1}, Opts(protect=True))
Thing("second", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy!", {})]
