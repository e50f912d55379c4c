"""A deletion that fails keeps the resource on record, and is tried again."""

PROGRAM = """
if KEEP:
    first = Thing("first", {"value": 1})
    Thing("second", {"value": first.serial, "fail": "delete"})
"""
OUTSIDE = {2: {"second-0": {"value": "first-0"}}}
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"KEEP": True}),
    ("up!", {"KEEP": False}),
    ("up", {"KEEP": False}),
]
