"""What is made of an output that is not known is not known, in previews."""

PROGRAM = """
first = Thing("first", {"value": 1})
length = first.serial.apply(len)
Thing("second", {"value": length, "deep": {"in": [first.serial, 1]}, "pin": PIN})
export("length", length)
export("mixed", {"known": PIN, "not": first.serial})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"PIN": 1}), ("up", {"PIN": 2})]
