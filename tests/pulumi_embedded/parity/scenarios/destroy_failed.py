"""A destroy that failed is taken up again."""

PROGRAM = """
first = Thing("first", {"value": 1})
Thing("second", {"value": first.serial, "fail": "delete"})
"""
OUTSIDE = {2: {"second-0": {"value": "first-0"}}}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy!", {}), ("destroy", {})]
