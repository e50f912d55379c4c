"""An import in the place of another resource replaces it; one in the place of a look-up takes it over."""

PROGRAM = """
if IMPORT:
    Thing("first", {"value": 5}, Opts(import_="other-0"))
    Thing("second", {"value": 5}, Opts(import_="other-1"))
else:
    Thing("first", {"value": 1})
    found("second", "other-1")
"""
OUTSIDE = {0: {"other-0": {"value": 5}, "other-1": {"value": 5}}}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"IMPORT": False}), ("up", {"IMPORT": True})]
