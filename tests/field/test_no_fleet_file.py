"""`edgefleet preview`, `up`, `refresh` and `destroy` of a program without a fleet file: a bucket, a hub.

Source: rlister/stax#26 (the absence of a stack must stop an update, not create one by its mistyped name);
components are for programs of others, which have no files of the package that a component comes from.
"""

from typing import Any

from tests.field.conftest import Command

PROGRAM = """
from edgefleet.fleet.aws import Bucket
for name in NAMES:
    Bucket(name, {"name": f"field-{name}", "versioning": VERSIONING})
"""


def test_the_four_commands_run_it(stack: Any, command: Command) -> None:
    """With counts of resources in place of sites, and what is lost first."""
    stack.write(PROGRAM, NAMES=["a", "b"], VERSIONING=False)
    code, text = command("preview")
    assert 0 == code, text
    assert "dev " in text
    assert "  create 2" in text
    assert "  + a " in text
    code, text = command("up", "-y")
    assert 0 == code, text
    code, text = command("preview")
    assert (0, True) == (code, "nothing to do: " in text and "match the program" in text), text
    assert "site" not in text
    stack.write(PROGRAM, NAMES=["b"], VERSIONING=True)
    code, text = command("preview")
    assert text.index("  - a ") < text.index("  ~ b  versioning"), text
    assert 0 == command("refresh", "-y")[0]
    code, text = command("destroy", "-y")
    assert (0, True) == (code, "delete 2" in text), text
    assert [] == stack.cloud.aws().s3.list_buckets()["Buckets"]


def test_a_stack_that_nobody_created_is_not_created_by_a_typing_error(stack: Any, command: Command) -> None:
    """Neither a fleet file, nor a configuration, nor a state has its name; an empty configuration will do."""
    stack.write(PROGRAM, NAMES=["a"], VERSIONING=False)
    code, text = command("preview", "-s", "fresh")
    assert 1 == code, text
    assert "an empty Pulumi.fresh.yaml is enough" in " ".join(text.split())
    (stack.root / "Pulumi.fresh.yaml").write_text("")
    code, text = command("up", "-y", "-s", "fresh")
    assert (0, True) == (code, "create 1" in text), text
