"""A program that is run again changes nothing."""

PROGRAM = """
first = Thing("first", {"value": 1, "nested": {"list": [1, 2.5, None, {"deep": True}], "none": None}})
Thing("second", {"value": first.serial})
export("serial", first.serial)
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("up", {})]
