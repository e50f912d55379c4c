"""An explicit provider is a resource; its own change updates it, and nothing else."""

PROGRAM = """
cloud = Cloud("cloud", {"profile": PROFILE})
Thing("first", {"value": 1}, Opts(provider=cloud))
Thing("second", {"value": 1})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"PROFILE": "a"}), ("up", {"PROFILE": "b"})]
