"""A resource may go to another provider without being made again, if that can go on with it."""

PROGRAM = """
same = Cloud("same", {"profile": "a"})
other = Cloud("other", {"profile": "a", "region": "b"})
Thing("first", {"value": 1}, Opts(provider=same) if SWAP else None)
Thing("second", {"value": 1}, Opts(provider=other if SWAP else same))
Thing("third", {"value": 1}, None if SWAP else Opts(provider=same))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"SWAP": False}), ("up", {"SWAP": True})]
