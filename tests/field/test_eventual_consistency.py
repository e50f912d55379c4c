"""A role and what names it in one up: the services learn of the role a moment later.

Source: hashicorp/terraform-provider-aws#1388 and #12436, hashicorp/terraform#4315 (``Invalid principal in
policy`` for a principal that was just created), IAM User Guide, "Changes that I make are not always
immediately visible".
"""

from typing import Any

import pytest
from tests.field.cloud import Refusal

pytestmark = pytest.mark.slow

PROGRAM = """
from edgefleet.fleet.aws import InstanceProfile, Role
def trust(**principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}
hub = Role("hub", {"name": "hub", "assumePolicy": trust(Service="ec2.amazonaws.com")})
site = Role("site", {"name": "site", "assumePolicy": hub.arn.apply(lambda arn: trust(AWS=arn))})
InstanceProfile("profile", {"name": "hub", "role": "hub"}, pulumi.ResourceOptions(depends_on=[hub]))
"""


def refuse(stack: Any, times: int) -> None:
    refusal = Refusal("NoSuchEntity", "The role with name hub cannot be found.", times)
    stack.cloud.log.refusals["AddRoleToInstanceProfile"] = refusal


def test_one_up_succeeds(stack: Any) -> None:
    """The refusals pass, and the call is repeated."""
    refuse(stack, 2)
    run = stack.up(PROGRAM)
    assert "succeeded" == run.result, run.text
    assert 3 == [call.operation for call in stack.calls].count("AddRoleToInstanceProfile")
    assert {} == stack.preview(refresh=True).ops


def test_a_name_that_stays_unknown_ends_with_the_time_that_the_program_grants(stack: Any) -> None:
    """The error has AWS's message; with the name known, the next up completes it."""
    timeouts = "custom_timeouts=pulumi.CustomTimeouts(create='10s', update='10s')"
    refuse(stack, 1_000)
    run = stack.up(PROGRAM.replace("depends_on=[hub]", f"depends_on=[hub], {timeouts}"))
    assert "failed" == run.result
    assert "The role with name hub cannot be found, for 9 s; create or correct the role" in run.text
    stack.cloud.log.refusals.clear()
    assert "succeeded" == stack.up(PROGRAM).result
