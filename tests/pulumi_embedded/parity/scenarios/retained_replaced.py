"""The old half of a replacement is forgotten where it is to be retained."""

PROGRAM = """
Thing("first", {"pin": PIN}, Opts(retain_on_delete=True))
Thing("second", {"slot": PIN}, Opts(retain_on_delete=True))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"PIN": 1}), ("up", {"PIN": 2})]
