"""Secrets stay secret: from configuration, by mark, by the provider, by option, and on into outputs."""

PROGRAM = """
hidden = Config("fleet").require_secret("secret")
first = Thing("first", {"value": hidden, "loud": "quiet", "plain": VALUE})
second = Thing(
    "second", {"value": {"in": Output.secret(VALUE)}, "extra": "x"}, Opts(additional_secret_outputs=["extra"])
)
export("value", first.value)
export("mixed", {"open": 1, "hidden": Output.secret([1, 2])})
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"VALUE": 1}), ("up", {"VALUE": 2})]
