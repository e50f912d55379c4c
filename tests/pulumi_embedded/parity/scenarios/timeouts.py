"""Timeouts are recorded, and a change of them alone is no change."""

PROGRAM = """
Thing("first", {"value": 1}, Opts(custom_timeouts=pulumi.CustomTimeouts(create=CREATE, delete="1h30m")))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"CREATE": "5m"}), ("up", {"CREATE": "10m"})]
