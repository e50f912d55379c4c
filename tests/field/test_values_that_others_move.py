"""Values that others move after the creation stay as they are, announced or not.

Source: terraform-aws-modules/terraform-aws-eks, docs/faq.md ("Why are there no changes when a node group's
`desired_size` is modified?"): an autoscaler owns the number; pulumi/pulumi-eks#1073 and
hashicorp/terraform-provider-aws#4822: an update of another setting sets it back. aws/containers-roadmap:
EKS upgrades a cluster that is out of support.
"""

from typing import Any

import pytest

KEPT = """
from edgefleet.fleet import aws
opts = pulumi.ResourceOptions(ignore_changes=IGNORED)
"""
GROUP = """
from edgefleet.fleet import aws
role = "arn:aws:iam::123456789012:role/hub"
vpc = aws.Vpc("net", {"cidr": "10.9.0.0/16"})
subnets = [
    aws.Subnet(zone, {"vpcId": vpc.id, "cidr": f"10.9.{n}.0/24", "zone": f"eu-central-1{zone}"}).id
    for n, zone in enumerate("ab")
]
cluster = aws.EksCluster("hub", {"name": "hub", "version": VERSION, "role": role, "subnets": subnets})
numbers = {"least": 1, "most": MOST, "wanted": 2}
aws.NodeGroup("nodes", {"cluster": cluster.id, "name": "nodes", "role": role, "subnets": subnets, **numbers})
"""


def scaling(stack: Any) -> tuple[int, int, int]:
    eks = stack.cloud.aws().client("eks")
    found = eks.describe_nodegroup(clusterName="hub", nodegroupName="nodes")["nodegroup"]["scalingConfig"]
    return found["minSize"], found["desiredSize"], found["maxSize"]


def scale(stack: Any, desired: int) -> None:
    stack.cloud.aws().client("eks").update_nodegroup_config(
        clusterName="hub", nodegroupName="nodes", scalingConfig={"desiredSize": desired}
    )


def test_the_number_of_an_autoscaler_stays(stack: Any) -> None:
    """A change of the maximum moves nothing else; refresh and preview have nothing to report."""
    stack.write(GROUP, MOST=5, VERSION="1.36")
    run = stack.up()
    assert "succeeded" == run.result, run.text
    scale(stack, 5)
    stack.write(GROUP, MOST=8, VERSION="1.36")
    assert {"nodes": ["most"]} == stack.preview().diffs
    assert {"nodes": "update"} == stack.up().ops
    assert (1, 5, 8) == scaling(stack)
    assert {} == stack.refresh().ops
    assert {} == stack.preview().ops
    stack.write(GROUP, MOST=4, VERSION="1.36")
    stack.up()
    assert (1, 4, 4) == scaling(stack)
    assert "succeeded" == stack.destroy().result


def test_a_cluster_that_aws_upgraded_stays_upgraded(stack: Any) -> None:
    """Preview asks for the new version after a refresh; without one, up leaves it alone."""
    stack.write(GROUP, MOST=5, VERSION="1.36")
    stack.up()
    eks = stack.cloud.aws().client("eks")
    eks.update_cluster_version(name="hub", version="1.37")
    logging = GROUP.replace('"subnets": subnets})', '"subnets": subnets, "logs": ["api"]})')
    stack.write(logging, MOST=5, VERSION="1.36")
    run = stack.up()
    assert {"hub": "update"} == run.ops, run.text
    assert "1.37" == eks.describe_cluster(name="hub")["cluster"]["version"]
    stack.refresh()
    run = stack.preview()
    assert "succeeded" != run.result
    assert "1.36 is older than 1.37, which is installed; write 1.37" in run.text
    stack.cloud.reset()


GUARDED = """
vpc = aws.Vpc("net", {"cidr": "10.9.0.0/16"})
aws.SecurityGroup("it", {"vpcId": vpc.id, "name": "it", "tags": {"team": TEAM}}, opts)
"""
CASES = {
    "tags.CostCenter": ('aws.Vpc("it", {"cidr": "10.9.0.0/16", "tags": {"team": TEAM}}, opts)', "ec2"),
    "ingress": (GUARDED, "group"),
    "value": ('aws.Parameter("it", {"name": "/it", "value": "first", "description": TEAM}, opts)', "ssm"),
}


def move(stack: Any, kind: str, identity: str) -> None:
    """What somebody else does."""
    aws = stack.cloud.aws()
    if kind == "ec2":
        tags = [{"Key": "CostCenter", "Value": "4711"}]
        aws.client("ec2").create_tags(Resources=[identity], Tags=tags)
    elif kind == "group":
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        aws.client("ec2").authorize_security_group_ingress(GroupId=identity, IpPermissions=[rule])
    else:
        aws.client("ssm").put_parameter(Name=identity, Value="rotated", Type="SecureString", Overwrite=True)


def live(stack: Any, kind: str, identity: str) -> bool:
    """Whether what somebody did is still there."""
    aws = stack.cloud.aws()
    if kind == "ec2":
        (vpc,) = aws.client("ec2").describe_vpcs(VpcIds=[identity])["Vpcs"]
        return {"Key": "CostCenter", "Value": "4711"} in vpc["Tags"]
    if kind == "group":
        (group,) = aws.client("ec2").describe_security_groups(GroupIds=[identity])["SecurityGroups"]
        return bool(group["IpPermissions"])
    found = aws.client("ssm").get_parameter(Name=identity, WithDecryption=True)["Parameter"]["Value"]
    return bool(found == "rotated")


@pytest.mark.parametrize("path", CASES)
def test_what_the_program_ignores_is_not_set_back_by_another_change(path: str, stack: Any) -> None:
    """Without a refresh before it, too; a refresh that sees it changes nothing."""
    program, kind = CASES[path]
    stack.write(KEPT + program, IGNORED=[path], TEAM="edge")
    run = stack.up()
    assert "succeeded" == run.result, run.text
    identity = stack.state()["it"]["id"]
    move(stack, kind, identity)
    stack.write(KEPT + program, IGNORED=[path], TEAM="hub")
    assert {"it": "update"} == stack.up().ops
    assert live(stack, kind, identity)
    stack.refresh()
    assert {} == stack.preview().ops
    assert "succeeded" == stack.destroy().result
