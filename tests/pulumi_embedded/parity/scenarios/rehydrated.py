"""A component that is looked up by its URN hands down what it was registered with."""

PROGRAM = """
outer = Group("outer", Opts(retain_on_delete=True))

def within(urn):
    Thing("within", {"value": 1}, Opts(parent=Group("outer", Opts(urn=urn))))

outer.urn.apply(within)
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy", {})]
