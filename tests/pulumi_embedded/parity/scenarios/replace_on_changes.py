"""A change that would be an update is a replacement where the program says so."""

PROGRAM = """
Thing("first", {"value": VALUE}, Opts(replace_on_changes=["value"]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"VALUE": 1}), ("up", {"VALUE": 2})]
