"""What is protected is not replaced, until it no longer is."""

PROGRAM = """
first = Thing("first", {"pin": PIN}, Opts(protect=PROTECT))
Thing("second", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"PIN": 1, "PROTECT": True}),
    ("up!", {"PIN": 2, "PROTECT": True}),
    ("up", {"PIN": 2, "PROTECT": False}),
]
