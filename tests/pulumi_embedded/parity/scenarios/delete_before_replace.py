"""The program can ask for the old one to go first."""

PROGRAM = """
Thing("first", {"pin": PIN}, Opts(delete_before_replace=True))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"PIN": 1}), ("up", {"PIN": 2})]
