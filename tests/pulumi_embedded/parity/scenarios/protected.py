"""What is protected is not deleted; the run fails and keeps it."""

PROGRAM = """
if KEEP:
    Thing("first", {"value": 1}, Opts(protect=True))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"KEEP": True}), ("up!", {"KEEP": False})]
