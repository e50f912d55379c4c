"""A thing is imported under another name without an alias: the engine deletes it under its old one.

Only a provider can know that both are one; edgefleet's keeps what another resource took over.
"""

PROGRAM = """
if STEP == 1:
    Thing("first", {"value": 1})
else:
    Thing("second", {"value": 1}, Opts(import_="first-0"))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"STEP": 1}), ("up", {"STEP": 2})]
