"""A function is not called with what is not known, and its answer is not known."""

PROGRAM = """
if MORE:
    first = Thing("first", {"value": 1})
    answer = pulumi.runtime.invoke_output("example:test:echo", {"word": first.serial})
    Thing("second", {"value": answer.apply(lambda it: it["echo"]["word"])})
    waits = pulumi.runtime.invoke_output(
        "example:test:echo", {"word": "x"}, pulumi.InvokeOutputOptions(depends_on=[first])
    )
    Thing("third", {"value": waits.apply(lambda it: it["echo"]["word"])})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"MORE": False}), ("up", {"MORE": True})]
