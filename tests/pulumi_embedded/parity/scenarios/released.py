"""A managed resource that is looked up from now on is no longer managed."""

PROGRAM = """
if MANAGED:
    Thing("it", {"value": 5})
else:
    found("it", "it-0")
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"MANAGED": True}), ("up", {"MANAGED": False})]
