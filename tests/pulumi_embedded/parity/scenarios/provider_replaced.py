"""A provider that must be replaced takes its resources with it."""

PROGRAM = """
cloud = Cloud("cloud", {"region": REGION})
Thing("first", {"value": 1}, Opts(provider=cloud))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"REGION": "a"}), ("up", {"REGION": "b"})]
