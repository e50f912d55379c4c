"""Inputs that the provider refuses stop the preview, with the provider's reason."""

PROGRAM = """
Thing("first", {"value": 1, "fail": "check"})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up!", {})]
