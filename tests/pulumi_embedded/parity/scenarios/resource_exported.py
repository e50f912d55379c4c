"""A resource can be an output of the stack."""

PROGRAM = """
first = Thing("first", {"value": VALUE})
export("first", first)
export("list", [first.serial, first.urn, first.id])
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"VALUE": 1}), ("up", {"VALUE": 2})]
