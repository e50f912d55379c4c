"""A look-up that fails ends a refresh; the state is as good as before."""

PROGRAM = """
Thing("first", {"value": 1, "fail": FAIL})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"FAIL": "read"}),
    ("refresh!", {"FAIL": "read"}),
    ("up", {"FAIL": ""}),
]
