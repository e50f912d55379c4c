"""The program can ask for the new one to be made first, whatever the provider says."""

PROGRAM = """
first = Thing("first", {"slot": SLOT}, Opts(delete_before_replace=False))
Thing("second", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"SLOT": 1}), ("up", {"SLOT": 2})]
