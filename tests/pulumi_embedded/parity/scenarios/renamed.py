"""A resource with another name is another resource."""

PROGRAM = """
first = Thing(NAME, {"value": 1})
Thing("second", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"NAME": "old"}), ("up", {"NAME": "new"})]
