"""What makes a replacement is named by paths and wildcards."""

PROGRAM = """
Thing("deep", {"deep": {"a": ONE, "b": 1}, "value": TWO}, Opts(replace_on_changes=["deep.*"]))
Thing("list", {"list": [ONE, TWO]}, Opts(replace_on_changes=["list[1]"]))
Thing("all", {"value": TWO}, Opts(replace_on_changes=["*"]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"ONE": 1, "TWO": 1}),
    ("up", {"ONE": 2, "TWO": 1}),
    ("up", {"ONE": 2, "TWO": 2}),
]
