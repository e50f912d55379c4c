"""An explicit provider takes secrets and outputs of resources."""

PROGRAM = """
first = Thing("first", {"value": 1})
cloud = Cloud("cloud", {"token": Output.secret("x"), "profile": first.serial})
Thing("second", {"value": VALUE}, Opts(provider=cloud))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"VALUE": 1}), ("up", {"VALUE": 2})]
