"""What is imported by an id cannot be replaced, neither at once nor later."""

PROGRAM = """
Thing("first", {"value": 1, "pin": PIN}, Opts(import_="other-0"))
"""
OUTSIDE = {0: {"other-0": {"value": 1, "pin": 1}}}
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up!", {"PIN": 2}),
    ("up", {"PIN": 1}),
    ("up!", {"PIN": 2}),
]
