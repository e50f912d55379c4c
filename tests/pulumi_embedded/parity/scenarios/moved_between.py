"""A resource moved to another parent without an alias is another resource."""

PROGRAM = """
group = Group("group")
Thing("first", {"value": 1}, Opts(parent=group if IN else None))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"IN": True}), ("up", {"IN": False})]
