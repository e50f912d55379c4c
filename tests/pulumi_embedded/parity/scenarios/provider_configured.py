"""The default provider has its configuration from the stack's, secrets included."""

PROGRAM = """
Thing("first", {"value": 1})
"""
CONFIG = {
    0: {"edgefleet:profile": "a", "edgefleet:token": {"secure": "x"}},
    1: {"edgefleet:profile": "b", "edgefleet:token": {"secure": "y"}},
}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("up", {})]
