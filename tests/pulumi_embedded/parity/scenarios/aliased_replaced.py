"""A resource with another name may be replaced, and deleted by the next run."""

PROGRAM = """
if KEEP:
    first = Thing(NAME, {"pin": PIN}, Opts(aliases=[pulumi.Alias(name="old")]))
    Thing("second", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"NAME": "old", "PIN": 1, "KEEP": True}),
    ("up", {"NAME": "new", "PIN": 2, "KEEP": True}),
    ("up", {"NAME": "new", "PIN": 2, "KEEP": False}),
]
