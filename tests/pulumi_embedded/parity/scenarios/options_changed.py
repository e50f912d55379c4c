"""Options that are only kept on record change without a step of their own."""

PROGRAM = """
first = Thing("first", {"value": 1})
Thing("second", {"value": 1}, Opts(
    depends_on=[first] if LATER else None, protect=LATER, retain_on_delete=LATER,
    ignore_changes=["x"] if LATER else None, replace_on_changes=["y"] if LATER else None,
    deleted_with=first if LATER else None,
    custom_timeouts=pulumi.CustomTimeouts(create="1m") if LATER else None,
))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"LATER": False}), ("up", {"LATER": True})]
