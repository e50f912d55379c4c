"""What one resource continues by an alias no other can be, by its name or by an alias of its own."""

PROGRAM = """
if MOVED:
    new = Thing("new", {"value": 1}, Opts(aliases=[pulumi.Alias(name="old")]))
    if ALIAS:
        Thing("other", {"value": new.serial}, Opts(aliases=[pulumi.Alias(name="old")]))
    else:
        Thing("old", {"value": new.serial})
else:
    Thing("old", {"value": 1})
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"MOVED": False, "ALIAS": False}),
    ("up!", {"MOVED": True, "ALIAS": False}),
    ("up", {"MOVED": False, "ALIAS": False}),
    ("up!", {"MOVED": True, "ALIAS": True}),
]
