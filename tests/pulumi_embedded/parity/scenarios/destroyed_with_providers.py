"""A destroy deletes providers after what they manage, and components after what is in them."""

PROGRAM = """
cloud = Cloud("cloud", {"profile": "a"})
group = Group("group", Opts(providers={"example": cloud}))
first = Thing("first", {"value": 1}, Opts(parent=group))
Thing("second", {"value": first.serial})
export("serial", first.serial)
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("destroy", {}), ("up", {})]
