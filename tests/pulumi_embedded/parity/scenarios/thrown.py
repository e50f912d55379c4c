"""A program that throws ends the run; what it had registered is on record."""

PROGRAM = """
first = Thing("first", {"value": 1})
if THROW:
    first.serial.apply(lambda it: 1 / 0)
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up!", {"THROW": True}), ("up", {"THROW": False})]
