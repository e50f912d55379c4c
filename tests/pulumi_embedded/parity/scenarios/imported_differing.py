"""What is imported and is not as the program wants it is updated at once."""

PROGRAM = """
if IMPORT:
    Thing("update", {"value": 2}, Opts(import_="other-0"))
    Thing("ignore", {"value": 2}, Opts(import_="other-2", ignore_changes=["value"]))
"""
OUTSIDE = {0: {"other-0": {"value": 1}, "other-2": {"value": 9}}}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"IMPORT": False}), ("up", {"IMPORT": True})]
