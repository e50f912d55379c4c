"""A resource that was made but is not well is recorded with its reasons, and updated by the next run."""

PROGRAM = """
Thing("first", {"value": 1, "fail": FAIL})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up!", {"FAIL": "init"}), ("up", {"FAIL": ""})]
