"""What was looked up is managed under the same name later, and the other way round."""

PROGRAM = """
if MANAGED:
    Thing("it", {"value": 5})
else:
    found("it", "one")
"""
OUTSIDE = {0: {"one": {"value": 1}}}
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"MANAGED": False}),
    ("up", {"MANAGED": True}),
    ("up", {"MANAGED": False}),
]
