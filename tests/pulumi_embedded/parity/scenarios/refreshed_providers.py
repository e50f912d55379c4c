"""A refresh uses the providers of the state; what is not well is reported and recorded."""

PROGRAM = """
cloud = Cloud("cloud", {"profile": "a"})
first = Thing("first", {"value": 1}, Opts(provider=cloud))
Thing("second", {"value": Output.secret(1), "loud": "x"}, Opts(provider=cloud, ignore_changes=["value"]))
export("value", first.value)
"""
OUTSIDE = {1: {"first-0": {"value": 7, "more": 1}, "second-0": {"value": 2, "loud": "y"}}}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("refresh", {}), ("up", {})]
