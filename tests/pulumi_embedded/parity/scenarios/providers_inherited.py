"""A component hands its providers down."""

PROGRAM = """
one = Cloud("one", {"profile": "one"})
two = Cloud("two", {"profile": "two"})
group = Group("group", Opts(providers={"example": one}))
inner = Group("inner", Opts(parent=group))
Thing("inherits", {"value": 1}, Opts(parent=inner))
Thing("differs", {"value": 1}, Opts(parent=inner, provider=two))
other = Group("other", Opts(provider=two))
thing = Thing("follows", {"value": 1}, Opts(parent=other))
Thing("below", {"value": 1}, Opts(parent=thing))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("up", {})]
