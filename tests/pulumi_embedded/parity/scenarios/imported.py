"""What exists is imported as it is, and once only; deleted from the program, it is deleted."""

PROGRAM = """
Thing("mine", {"value": 7}, Opts(import_="thing-0"))
if MORE:
    Thing("more", {"value": 1})
"""
OUTSIDE = {0: {"thing-0": {"value": 7}}}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"MORE": False}), ("up", {"MORE": True})]
