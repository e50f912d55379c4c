"""The default provider has its configuration from the stack's, secrets included."""

PROGRAM = """
Thing("first", {"value": 1})
"""
CONFIG = {
    0: {"example:profile": "a", "example:token": {"secure": "x"}},
    1: {"example:profile": "b", "example:token": {"secure": "y"}},
}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("up", {})]
