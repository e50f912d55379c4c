"""What is deleted before the thing that it needs, and has another name now, is replaced under that name."""

PROGRAM = """
first = Thing("first", {"slot": STEP})
Thing(NAME, {"pin": first.serial}, Opts(aliases=[pulumi.Alias(name="second")]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"STEP": 1, "NAME": "second"}),
    ("up", {"STEP": 2, "NAME": "other"}),
]
