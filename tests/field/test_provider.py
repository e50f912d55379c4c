"""What a provider's configuration says about accounts, roles and tags holds for every resource of it.

Source: Pulumi Registry, aws.Provider (`allowedAccountIds`, `assumeRoles`, `defaultTags`, `ignoreTags`).
"""

from typing import Any

VPC = """
from edgefleet.fleet.aws import Vpc
opts = pulumi.ResourceOptions(provider=edgefleet.Provider("mine", {"endpoint": address, **settings}))
pulumi.export("vpc", Vpc("net", {"cidr": "10.9.0.0/16", "tags": {"team": "edge"}}, opts).id)
"""


def tags_of(stack: Any, identity: str) -> dict[str, str]:
    """Live tags that are not edgefleet's own."""
    (vpc,) = stack.cloud.aws().client("ec2").describe_vpcs(VpcIds=[identity])["Vpcs"]
    tags = {tag["Key"]: tag["Value"] for tag in vpc["Tags"]}
    return {key: tags[key] for key in sorted(tags) if not key.startswith(("edgefleet:", "managed-by"))}


def write(stack: Any, **settings: Any) -> None:
    stack.write(VPC, address=stack.cloud.url["mine"], settings=settings)


def test_default_tags_are_shown_set_and_changed(stack: Any) -> None:
    """They are inputs of each resource; its own tag comes first."""
    write(stack, defaultTags={"tags": {"team": "all", "cost": "7"}})
    run = stack.up()
    assert "succeeded" == run.result, run.text
    identity = run.outputs["vpc"]
    assert {"cost": "7", "team": "edge"} == tags_of(stack, identity)
    assert {} == {name: op for name, op in stack.preview().ops.items() if name == "net"}
    write(stack, defaultTags={"tags": {"owner": "ops"}})
    run = stack.preview()
    assert ("update", ["tags.cost", "tags.owner"]) == (run.ops["net"], sorted(run.diffs["net"]))
    assert "succeeded" == stack.up().result
    assert {"owner": "ops", "team": "edge"} == tags_of(stack, identity)


def test_ignored_tags_of_others_stay(stack: Any) -> None:
    """Refresh reports no drift of them, and an update does not remove them."""
    ignored = {"keys": ["backup"], "keyPrefixes": ["kubernetes.io/"]}
    write(stack, ignoreTags=ignored)
    run = stack.up()
    assert "succeeded" == run.result, run.text
    others = {"backup": "daily", "kubernetes.io/role/elb": "1"}
    new = [{"Key": key, "Value": value} for key, value in {**others, "drift": "x"}.items()]
    stack.cloud.aws().client("ec2").create_tags(Resources=[run.outputs["vpc"]], Tags=new)
    assert "succeeded" == stack.refresh().result
    assert ["tags.drift"] == stack.preview().diffs["net"]
    assert "succeeded" == stack.up().result
    assert {**others, "team": "edge"} == tags_of(stack, run.outputs["vpc"])
    write(stack, ignoreTags={"keys": ["team"]})
    assert "is a tag that ignoreTags covers; remove it here or from ignoreTags" in stack.preview().text


def test_another_account_gets_no_call(stack: Any) -> None:
    """A preview makes one call, to STS, and no other."""
    write(stack, allowedAccountIds=["000000000000"])
    run = stack.preview()
    assert "failed" == run.result
    assert "the credentials are of the account 123456789012" in run.text
    assert {"GetCallerIdentity"} == {call.operation for call in stack.calls}
    write(stack, forbiddenAccountIds=["000000000000"])
    assert "succeeded" == stack.up().result


def test_roles_are_assumed_in_a_chain(stack: Any) -> None:
    """The last account is the one that is changed."""
    roles = [{"roleArn": f"arn:aws:iam::{number}:role/fleet"} for number in ("2" * 12, "3" * 12)]
    write(stack, roleArn="arn:aws:iam::111111111111:role/first", assumeRoles=roles)
    run = stack.up()
    assert "succeeded" == run.result, run.text
    by = [(call.account, call.operation) for call in stack.calls if call.operation == "AssumeRole"]
    assert ["ambient", "1" * 12, "2" * 12] == list(dict.fromkeys(account for account, _ in by))
    assert {"3" * 12} == {call.account for call in stack.calls if call.service == "ec2"}
    assert {"mine"} == {call.endpoint for call in stack.calls}
