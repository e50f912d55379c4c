"""What the program logs is passed on; an error that is only logged ends nothing."""

PROGRAM = """
pulumi.log.info("for your information")
pulumi.log.error("something is odd")
Thing("first", {"value": 1})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {})]
