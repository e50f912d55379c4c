"""A function that fails ends the program."""

PROGRAM = """
first = Thing("first", {"value": 1})
answer = pulumi.runtime.invoke_output("example:test:echo", {"word": first.serial, "fail": "invoke"})
Thing("second", {"value": answer})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up!", {})]
