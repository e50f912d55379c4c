"""A function of the provider is called, in previews too."""

PROGRAM = """
answer = pulumi.runtime.invoke("example:test:echo", {"word": WORD})
Thing("first", {"value": answer.value["echo"]["word"]})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"WORD": "a"}), ("up", {"WORD": "b"})]
