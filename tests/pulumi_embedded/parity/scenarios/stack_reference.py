"""Outputs of another stack of the backend are read, secret ones stay secret."""

PROGRAM = """
export("open", WORD)
export("hidden", Output.secret({"a": WORD}))
if REFER:
    shared = pulumi.StackReference("organization/fleet/dev")
    Thing("first", {"value": shared.get_output("open"), "extra": shared.require_output("hidden")})
    export("read", shared.get_output("open"))
"""
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"WORD": "a", "REFER": False}),
    ("up", {"WORD": "b", "REFER": True}),
    ("up", {"WORD": "b", "REFER": True}),
]
