"""A new resource's outputs are not known before it is there."""

PROGRAM = """
if MORE:
    first = Thing("first", {"value": 1})
    second = Thing("second", {"value": first.serial, "deep": {"in": [first.serial, 1]}})
    export("length", second.value.apply(len))
    export("mixed", {"known": 1, "not": second.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"MORE": False}), ("up", {"MORE": True})]
