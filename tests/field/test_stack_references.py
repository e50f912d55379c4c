"""A stack reads another one that has a passphrase of its own.

Source: pulumi/pulumi#5151 (the reference fails), pulumi/pulumi#19533 (what cannot be decrypted is left out).
"""

from typing import Any

from tests.field.conftest import checkpoint_of

from pulumi_embedded import checkpoint as checkpoints
from pulumi_embedded.checkpoint import STACK_TYPE, Checkpoint, State
from pulumi_embedded.secrets import new_salt
from pulumi_embedded.values import Bag, secret

PROGRAM = """
hub = pulumi.StackReference("organization/field/hub")
pulumi.export("open", hub.require_output("open"))
pulumi.export("hidden", hub.require_output("hidden"))
pulumi.export("names", hub.require_output("hidden").apply(lambda hidden: sorted(hidden)))
"""


def test_the_secrets_of_another_passphrase_are_left_out(stack: Any) -> None:
    """What is open is read; what cannot be decrypted is an empty secret, and a message names the stack."""
    stack.another("hub")
    urn = f"urn:pulumi:hub::field::{STACK_TYPE}::field-hub"
    outputs = Bag({"open": "vpc-1", "hidden": secret({"token": "hush"})})
    state = State(urn=urn, type=STACK_TYPE, outputs=outputs)
    theirs = checkpoints.write(Checkpoint(resources=[state]), "organization/field/hub", new_salt("other"))
    checkpoint_of(stack.root, "hub").write_bytes(theirs)
    for run in (stack.preview(PROGRAM), stack.up()):
        assert "succeeded" == run.result, run.text
        assert {"open": "vpc-1", "hidden": "[secret]", "names": "[secret]"} == run.outputs
        assert "stack reference 'organization/field/hub'" in run.text
        assert "hush" not in run.text
    assert theirs == checkpoint_of(stack.root, "hub").read_bytes()
    assert "secret" in checkpoint_of(stack.root, "dev").read_text()
