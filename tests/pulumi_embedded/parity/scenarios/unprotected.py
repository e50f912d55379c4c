"""Protection is taken off like any other option, and then it can go."""

PROGRAM = """
if KEEP:
    Thing("first", {"value": 1}, Opts(protect=PROTECT))
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"KEEP": True, "PROTECT": True}),
    ("up", {"KEEP": True, "PROTECT": False}),
    ("up", {"KEEP": False, "PROTECT": False}),
]
