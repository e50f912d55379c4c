"""What others needed may go when they no longer do."""

PROGRAM = """
first = Thing("first", {"value": 1})
middle = Thing("middle", {"value": first.serial}) if KEEP else first
Thing("last", {"value": middle.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"KEEP": True}), ("up", {"KEEP": False})]
