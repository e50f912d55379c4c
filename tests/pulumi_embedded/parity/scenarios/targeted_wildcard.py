"""Targets are named by patterns too."""

PROGRAM = """
Thing("site-1", {"value": VALUE})
Thing("site-2", {"value": VALUE})
Thing("hub", {"value": VALUE})
export("value", VALUE)
"""
TARGETS = {1: ("urn:pulumi:dev::fleet::**::site-*",)}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"VALUE": 1}), ("up", {"VALUE": 2})]
