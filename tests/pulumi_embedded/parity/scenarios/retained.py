"""What is to be retained is forgotten, not deleted."""

PROGRAM = """
if KEEP:
    Thing("first", {"value": 1}, Opts(retain_on_delete=True))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"KEEP": True}), ("up", {"KEEP": False})]
