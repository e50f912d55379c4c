"""A secret output stays secret in what is made of it: inputs, lists, outputs of the stack."""

PROGRAM = """
first = Thing("first", {"loud": VALUE, "value": {"in": [Output.secret(VALUE), 1]}})
loud = Output.from_input(first.serial).apply(lambda it: it + "!")
second = Thing("second", {"value": first.value, "list": [loud]}, Opts(additional_secret_outputs=["serial"]))
Thing("third", {"value": second.serial})
export("both", Output.all(first.value, second.serial))
export("open", Output.unsecret(second.serial))
export("text", Output.concat("it is ", second.serial))
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {"VALUE": "a"}), ("up", {"VALUE": "b"})]
