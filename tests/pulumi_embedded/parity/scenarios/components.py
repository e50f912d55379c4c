"""Components nest, pass their outputs on and change them."""

PROGRAM = """
outer = Group("outer")
inner = Group("inner", Opts(parent=outer))
thing = Thing("thing", {"value": 1}, Opts(parent=inner))
inner.register_outputs({"serial": thing.serial})
outer.register_outputs({"count": COUNT})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"COUNT": 1}), ("up", {"COUNT": 2})]
