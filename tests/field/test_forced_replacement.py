"""A replacement that no input causes: an option forces it, another resource, or the command line.

Sources: pulumi/pulumi#9909 and #9924 (an engine cannot ask whether the old one of a forced replacement has to
go first), pulumi/pulumi-kubernetes#4522 (the new one has the name of the old one and is deleted with it).
"""

import json
from typing import Any

import pytest

from edgefleet.engine.api import Options

GROUP = """
from edgefleet.fleet import aws
vpc = aws.Vpc("vpc", {"cidr": "10.8.0.0/16"})
forced = pulumi.ResourceOptions(replace_on_changes=["tags"])
it = aws.TargetGroup("it", {"vpcId": vpc.id, "port": 80, "tags": {"n": str(N)}, **NAME}, forced)
"""
LISTENER = """
subnet = aws.Subnet("subnet", {"vpcId": vpc.id, "cidr": "10.8.1.0/24", "zone": "eu-central-1a"})
balancer = aws.NetworkLoadBalancer("balancer", {"subnets": [subnet.id]})
aws.Listener("user", {"loadBalancer": balancer.id, "port": 80, "targetGroup": it.id})
"""
LOG = """
from edgefleet.fleet import aws
vpc = aws.Vpc("vpc", {"cidr": f"10.{N}.0.0/16"})
aws.LogGroup("it", {"name": "it", "tags": {"n": str(N)}}, pulumi.ResourceOptions(**OPTIONS(vpc)))
"""
DELETE_FIRST = "set deleteBeforeReplace to true in its options"


def test_where_edgefleet_chooses_the_name_the_new_one_is_created_first(stack: Any) -> None:
    """Under another name, and its user moves to it."""
    stack.write(GROUP + LISTENER, N=1, NAME={})
    run = stack.up()
    assert "succeeded" == run.result, run.text
    stack.write(GROUP + LISTENER, N=2, NAME={})
    ops = {"it": "replace", "user": "update"}
    assert ops == stack.preview().ops
    before = len(stack.calls)
    run = stack.up()
    assert ("succeeded", ops) == (run.result, run.ops), run.text
    order = [call.operation for call in stack.calls[before:] if call.operation.endswith("TargetGroup")]
    assert ["CreateTargetGroup", "DeleteTargetGroup"] == order
    assert {} == stack.preview().ops


def test_what_aws_keeps_while_it_is_used_is_refused_under_the_same_name(stack: Any) -> None:
    """In preview as in up, before anything is deleted; with another name it is replaced."""
    stack.write(GROUP, N=1, NAME={"name": "one"})
    assert "succeeded" == stack.up().result
    stack.write(GROUP, N=2, NAME={"name": "one"})
    before = len(stack.calls)
    for run in (stack.preview(), stack.up()):
        assert "failed" == run.result
        assert "the new one claims the name of the old one" in " ".join(run.text.split())
    assert [] == [call for call in stack.calls[before:] if call.operation.startswith("Delete")]
    stack.write(GROUP, N=2, NAME={"name": "two"})
    run = stack.up()
    assert ("succeeded", {"it": "replace"}) == (run.result, run.ops), run.text


def test_a_name_that_is_free_once_the_old_one_is_deleted_is_taken_again(stack: Any) -> None:
    """The old one is deleted first."""
    options = "OPTIONS = lambda vpc: {'replace_on_changes': ['tags']}\n"
    stack.write(options + LOG.replace("10.{N}", "10.8"), N=1)
    assert "succeeded" == stack.up().result
    stack.write(options + LOG.replace("10.{N}", "10.8"), N=2)
    assert {"it": "replace"} == stack.preview().ops
    run = stack.up()
    assert ("succeeded", {"it": "replace"}) == (run.result, run.ops), run.text
    assert "it" in stack.state()


def test_a_replacement_that_another_one_causes_states_the_option_that_it_needs(stack: Any) -> None:
    """Both engines create it first without asking the provider: preview warns, and up repeats it."""
    options = "OPTIONS = lambda vpc: {'deleted_with': vpc, 'delete_before_replace': BEFORE}\n"
    stack.write(options + LOG, N=1, BEFORE=None)
    assert "succeeded" == stack.up().result
    stack.write(options + LOG, N=2, BEFORE=None)
    run = stack.preview()
    assert f"is replaced with its name unchanged: {DELETE_FIRST}" in run.text
    run = stack.up()
    assert "failed" == run.result
    assert f"its replacement is created first; {DELETE_FIRST}" in run.text
    stack.write(options + LOG, N=3, BEFORE=True)
    run = stack.up()
    assert ("succeeded", "replace") == (run.result, run.ops["it"]), run.text


def test_a_program_that_has_the_new_one_created_first_states_what_to_change(stack: Any) -> None:
    """Up refuses it; a provider is not shown this option, so preview cannot."""
    options = "OPTIONS = lambda vpc: {'replace_on_changes': ['tags'], 'delete_before_replace': False}\n"
    stack.write(options + LOG.replace("10.{N}", "10.8"), N=1)
    assert "succeeded" == stack.up().result
    stack.write(options + LOG.replace("10.{N}", "10.8"), N=2)
    run = stack.up()
    assert "failed" == run.result
    assert f"its replacement is created first; {DELETE_FIRST}" in run.text


@pytest.mark.parametrize("kind", ["Vpc", "LogGroup"])
def test_the_cli_s_replace_reports_that_the_old_one_stays(stack: Any, kind: str) -> None:
    """It looks like a creation that an interrupted run began, and the embedded engine has no such option."""
    if not stack.is_cli:
        return
    inputs = {"Vpc": {"cidr": "10.8.0.0/16"}, "LogGroup": {"name": "it"}}[kind]
    stack.write(f'from edgefleet.fleet import aws\naws.{kind}("it", {inputs})')
    assert "succeeded" == stack.up().result
    it = stack.state()["it"]
    with stack.engine.as_program(stack.root):
        cli = stack.engine._stack(Options(stack="dev", project=stack.root))
        planned = cli.preview(replace=[it["urn"]]).stdout
        done = cli.up(replace=[it["urn"]]).stdout
    if kind == "LogGroup":
        assert "exists for this resource already, and up continues with it" in " ".join(planned.split())
    assert f"so nothing was replaced; {DELETE_FIRST}" in " ".join(done.split())
    assert it["id"] == stack.state()["it"]["id"]


def test_what_an_interrupted_replacement_kept_stays(stack: Any) -> None:
    """An interrupted --replace leaves the old one to be deleted, with the id of the one that is live."""
    program = 'from edgefleet.fleet import aws\naws.LogGroup("it", {"name": "it"})\n'
    stack.write(program)
    assert "succeeded" == stack.up().result
    file = stack.root / ".pulumi" / "stacks" / "field" / "dev.json"
    checkpoint = json.loads(file.read_text())
    resources = checkpoint["checkpoint"]["latest"]["resources"]
    (it,) = (item for item in resources if item["urn"].endswith("::it"))
    resources.append({**it, "delete": True})
    file.write_text(json.dumps(checkpoint))
    before = len(stack.calls)
    run = stack.up()
    assert "succeeded" == run.result, run.text
    assert [] == [call.operation for call in stack.calls[before:] if call.operation.startswith("Delete")]
    assert "stays: it is what an interrupted replacement of itself kept" in run.text
    assert {} == stack.preview().ops
    stack.write("")
    run = stack.up()
    assert ("succeeded", {"it": "delete"}) == (run.result, run.ops), run.text
    assert "DeleteLogGroup" in [call.operation for call in stack.calls[before:]]
