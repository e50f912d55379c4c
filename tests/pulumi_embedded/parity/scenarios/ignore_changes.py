"""What is to be ignored keeps its old value, at any depth."""

PROGRAM = """
Thing(
    "first",
    {"value": VALUE, "deep": {"keep": VALUE, "follow": VALUE}, "list": [VALUE, VALUE]},
    Opts(ignore_changes=["value", "deep.keep", "list[0]"]),
)
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"VALUE": 1}), ("up", {"VALUE": 2})]
