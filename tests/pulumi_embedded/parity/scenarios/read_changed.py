"""A look-up by another id finds another; gone from the program, it is forgotten."""

PROGRAM = """
if KEEP:
    it = found("it", ID)
    Thing("first", {"value": it.value})
"""
OUTSIDE = {0: {"one": {"value": 1}, "two": {"value": 2}}}
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"KEEP": True, "ID": "one"}),
    ("up", {"KEEP": True, "ID": "two"}),
    ("up", {"KEEP": False, "ID": ""}),
]
