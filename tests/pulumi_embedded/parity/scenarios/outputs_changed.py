"""Outputs of the stack come, change and go without any resource changing."""

PROGRAM = """
first = Thing("first", {"value": 1})
for name, value in OUTPUTS.items():
    export(name, value)
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"OUTPUTS": {"a": 1, "b": [1, {"c": None}]}}),
    ("up", {"OUTPUTS": {"b": [2], "c": "x"}}),
]
