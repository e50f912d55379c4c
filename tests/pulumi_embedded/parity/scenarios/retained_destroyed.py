"""A destroy forgets what is to be retained."""

PROGRAM = """
first = Thing("first", {"value": 1}, Opts(retain_on_delete=True))
Thing("second", {"value": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy", {})]
