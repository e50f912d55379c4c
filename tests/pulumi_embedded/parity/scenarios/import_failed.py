"""An import of what does not exist fails, and makes nothing."""

PROGRAM = """
first = Thing("first", {"value": 1})
Thing("second", {"value": first.serial}, Opts(import_="nowhere"))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up!", {})]
