"""What is created again, and any component, has the values of the program, whatever changes are ignored."""

PROGRAM = """
first = Thing("first", {"slot": STEP})
Thing("second", {"value": first.serial, "pin": 1}, Opts(deleted_with=first, ignore_changes=["value"]))
pulumi.ComponentResource("example:test:Group", "group", {"value": STEP}, Opts(ignore_changes=["value"]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"STEP": 1}), ("up", {"STEP": 2})]
