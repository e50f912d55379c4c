"""A default provider whose configuration must be made again takes its resources with it."""

PROGRAM = """
first = Thing("first", {"value": 1})
Thing("second", {"value": first.serial})
"""
CONFIG = {0: {"example:region": "a"}, 1: {"example:region": "b"}}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("up", {})]
