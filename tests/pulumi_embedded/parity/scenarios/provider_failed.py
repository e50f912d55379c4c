"""A provider that cannot be configured fails, and so does what needs it."""

PROGRAM = """
cloud = Cloud("cloud", {"fail": FAIL})
Thing("first", {"value": 1}, Opts(provider=cloud))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up!", {"FAIL": "checkconfig"}), ("up", {"FAIL": ""})]
