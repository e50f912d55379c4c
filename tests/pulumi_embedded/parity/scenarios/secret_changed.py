"""A value becomes secret, and open again, without another change."""

PROGRAM = """
hidden = Opts(additional_secret_outputs=["extra"] if HIDE else [])
first = Thing("first", {"value": Output.secret(1) if HIDE else 1, "extra": 1}, hidden)
export("value", first.value)
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"HIDE": False}),
    ("up", {"HIDE": True}),
    ("up", {"HIDE": False}),
]
