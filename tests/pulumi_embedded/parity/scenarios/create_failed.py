"""A step that fails ends the run; what was made before stays on record, and the next run goes on."""

PROGRAM = """
first = Thing("first", {"value": 1})
Thing("second", {"value": first.serial, "fail": FAIL})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up!", {"FAIL": "create"}), ("up", {"FAIL": ""})]
