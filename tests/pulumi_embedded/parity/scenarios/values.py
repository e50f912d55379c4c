"""Values of every kind go through the provider and back."""

PROGRAM = """
Thing("first", {
    "value": {"int": 1, "float": 1.5, "big": 12345678901, "neg": -0.25, "text": "grün & <b>", "none": None},
    "empty": {}, "list": [], "nested": [[1, [2]], {}, [], None, "", False],
})
export("empty", {})
export("nested", [[], {}, None, 0.1, 1e21])
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {}), ("up", {})]
