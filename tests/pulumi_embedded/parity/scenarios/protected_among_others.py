"""What is protected stays with all that it needs, and is named; all others are deleted, in every order.

What only a protected resource needs is not named, even if it is protected itself.
"""

PROGRAM = """
if KEEP:
    under = Thing("under", {"value": 1}, Opts(protect=True))
    base = Thing("base", {"value": under.serial})
    kept = Thing("kept", {"value": base.serial}, Opts(protect=True))
    user = Thing("user", {"value": kept.serial})
    Thing("last", {"value": user.serial})
    Thing("alone", {"value": 2}, Opts(protect=True))
    beside = Thing("beside", {"value": 3})
    Thing("above", {"value": beside.serial}, Opts(parent=base))
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"KEEP": True}),
    ("up!", {"KEEP": False}),
    ("up", {"KEEP": True}),
    ("destroy!", {"KEEP": True}),
]
