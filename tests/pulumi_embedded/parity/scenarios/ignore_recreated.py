"""What is created anew has the values of the program, also those whose changes are ignored; so has a component."""

PROGRAM = """
first = Thing("first", {"slot": STEP})
Thing("second", {"value": first.serial, "pin": 1}, Opts(deleted_with=first, ignore_changes=["value"]))
pulumi.ComponentResource("example:test:Group", "group", {"value": STEP}, Opts(ignore_changes=["value"]))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"STEP": 1}), ("up", {"STEP": 2})]
