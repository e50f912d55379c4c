"""Configuration has texts, numbers, objects and secrets, also secrets within objects."""

PROGRAM = """
config = Config("fleet")
plain = config.require_object("plain")
mixed = config.require_secret_object("mixed")
Thing("first", {"value": plain, "count": config.get_int("count"), "on": config.get_bool("on")})
Thing("second", {"value": mixed.apply(lambda it: it["inner"])})
export("mixed", mixed)
export("region", config.get("region"))
"""
CONFIG = {
    0: {
        "fleet:plain": {"a": [1, "x"]},
        "fleet:mixed": {"inner": {"secure": "deep"}, "open": 1},
        "fleet:count": 3,
        "fleet:on": True,
    },
    1: {
        "fleet:plain": {"a": [2, "x"]},
        "fleet:mixed": {"inner": {"secure": "other"}, "open": 1},
        "fleet:count": 4,
        "fleet:on": False,
    },
}
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("up", {})]
