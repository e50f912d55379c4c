"""What needs another's new id is replaced after it; the old ones are deleted last, in reverse."""

PROGRAM = """
first = Thing("first", {"pin": PIN})
second = Thing("second", {"pin": first.serial})
Thing("third", {"value": second.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"PIN": 1}), ("up", {"PIN": 2})]
