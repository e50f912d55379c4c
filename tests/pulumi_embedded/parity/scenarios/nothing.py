"""A program without resources has a stack all the same."""

PROGRAM = """

"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("refresh", {}), ("destroy", {})]
