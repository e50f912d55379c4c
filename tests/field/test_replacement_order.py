"""A resource is replaced while others use it: create first, move the users, or say what to do in the preview.

Source: hashicorp/terraform-provider-aws#636 and #10233 (a listener holds its target group, ResourceInUse),
hashicorp/terraform-provider-aws#265 (a security group's description, DependencyViolation), pulumi/pulumi-aws
"Auto-naming" and "deleteBeforeReplace" in Pulumi's documentation of resource options; terraform-aws-eks,
docs/faq.md (the only node group is removed first).

Each row replaces one kind while each kind that can name it does. Moto refuses some deletions of what is in
use; of the others the order of calls shows that no user was left.
"""

from dataclasses import dataclass
from typing import Any

import pytest

pytestmark = pytest.mark.slow

NETWORK = """
from edgefleet.fleet import aws
vpc = aws.Vpc("vpc", {"cidr": CIDR})
block = CIDR.rsplit(".", 2)[0]
subnets = [
    aws.Subnet(zone, {"vpcId": vpc.id, "cidr": f"{block}.{n}.0/24", "zone": f"eu-central-1{zone}"})
    for n, zone in enumerate("ab")
]
ids = [subnet.id for subnet in subnets]
"""
BALANCER = """
group = aws.SecurityGroup("group", {"vpcId": vpc.id, "description": DESCRIPTION})
balancer = {"subnets": ids, "securityGroups": [group.id], "internal": INTERNAL}
balancer = aws.NetworkLoadBalancer("balancer", balancer)
targets = aws.TargetGroup("targets", {"vpcId": vpc.id, "port": PORT})
aws.Listener("listener", {"loadBalancer": balancer.id, "port": 80, "targetGroup": targets.id})
zone = aws.HostedZone("zone", {"name": "hub.example", "vpcs": [vpc.id]})
alias = {"dnsName": balancer.dnsName, "zoneId": balancer.zoneId}
aws.DnsRecord("record", {"zoneId": zone.id, "name": "api.hub.example", "alias": alias})
"""
ROUTED = """
internet = aws.InternetGateway("internet", {"vpcId": vpc.id})
routes = [{"cidr": "0.0.0.0/0", "gatewayId": internet.id}]
table = aws.RouteTable("table", {"vpcId": vpc.id, "routes": routes, "subnets": ids[:1]})
address = aws.ElasticIp("address", {})
nat = aws.NatGateway("nat", {"subnetId": ids[NAT], "allocationId": address.id})
routes = [{"cidr": "0.0.0.0/0", "natGatewayId": nat.id}]
aws.RouteTable("private", {"vpcId": vpc.id, "routes": routes, "subnets": ids[1:]})
"""
GUARDED = """
group = aws.SecurityGroup("group", {"vpcId": vpc.id, "description": DESCRIPTION})
rule = {"fromPort": 443, "securityGroup": group.id}
aws.SecurityGroup("other", {"vpcId": vpc.id, "name": "other", "ingress": [rule]})
aws.NetworkLoadBalancer("balancer", {"name": "hub", "subnets": ids, "securityGroups": [group.id]})
role = "arn:aws:iam::123456789012:role/hub"
cluster = {"name": "hub", "version": "1.36", "role": role, "subnets": ids, "securityGroups": [group.id]}
aws.EksCluster("cluster", cluster)
"""
MANAGED = """
def role(name, **inputs):
    statement = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return aws.Role(name, {"assumePolicy": document, **inputs})
cluster = {"name": "hub", "version": "1.36", "role": role("control").arn, "subnets": ids, "keyArn": KEY}
cluster = aws.EksCluster("cluster", cluster)
nodes = {"cluster": cluster.id, "role": role("nodes").arn, "subnets": ids, "instanceTypes": [TYPE]}
aws.NodeGroup("group", nodes)
machines = role("machines", path=PATH)
aws.InstanceProfile("machine", {"name": "machine", "role": machines.id})
aws.RolesAnywhereProfile("site", {"name": "site", "roles": [machines.arn]})
"""
NAMED = """
from edgefleet.fleet import aws
zone = aws.HostedZone("zone", {"name": ZONE})
values = {"A": "192.0.2.1", "CNAME": "there.example"}
aws.DnsRecord("record", {"zoneId": zone.id, "name": NAME, "type": TYPE, "records": [values[TYPE]]})
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A change of one variable of a program."""

    name: str
    program: str
    change: dict[str, Any]
    ops: dict[str, str]
    """dict[resource -> operation]."""
    calls: tuple[str, ...] = ()
    """Operations of AWS that come in this order."""


FIRST: dict[str, Any] = {
    "CIDR": "10.8.0.0/16",
    "DESCRIPTION": "first",
    "INTERNAL": False,
    "PORT": 80,
    "NAT": 0,
    "KEY": None,
    "TYPE": "t3.medium",
    "PATH": "/",
    "ZONE": "hub.example",
    "NAME": "api.hub.example",
}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"
GROUPS = "POST /clusters/hub/node-groups"
ROWS = [
    Row(
        name="target group",
        program=NETWORK + BALANCER,
        change={"PORT": 81},
        ops={"targets": "replace", "listener": "update"},
        calls=("CreateTargetGroup", "ModifyListener", "DeleteTargetGroup"),
    ),
    Row(
        name="security group",
        program=NETWORK + GUARDED,
        change={"DESCRIPTION": "second"},
        ops={"group": "replace", "other": "update", "balancer": "update", "cluster": "update"},
        calls=("CreateSecurityGroup", "SetSecurityGroups", "DeleteSecurityGroup"),
    ),
    Row(
        name="role",
        program=NETWORK + MANAGED,
        change={"PATH": "/a/"},
        ops={"machines": "replace", "machine": "update", "site": "update"},
        calls=("CreateRole", "AddRoleToInstanceProfile", "DeleteRole"),
    ),
    Row(
        name="node group",
        program=NETWORK + MANAGED,
        change={"TYPE": "t3.large"},
        ops={"group": "replace"},
        calls=("POST", "DELETE"),
    ),
    Row(
        name="cluster",
        program=NETWORK + MANAGED,
        change={"KEY": KEY},
        ops={"cluster": "replace", "group": "replace"},
        calls=("DELETE", "DELETE", "POST", "POST"),
    ),
    Row(
        name="load balancer",
        program=NETWORK + BALANCER,
        change={"INTERNAL": True},
        ops={"balancer": "replace", "listener": "replace", "record": "update"},
        calls=("CreateLoadBalancer", "CreateListener", "DeleteListener", "DeleteLoadBalancer"),
    ),
    Row(
        name="NAT gateway",
        program=NETWORK + ROUTED,
        change={"NAT": 1},
        ops={"nat": "replace", "private": "update"},
        calls=("DeleteNatGateway", "CreateNatGateway"),
    ),
    Row(
        name="network",
        program=NETWORK + BALANCER + ROUTED,
        change={"CIDR": "10.9.0.0/16"},
        ops={
            **dict.fromkeys(("vpc", "a", "b", "group", "balancer", "targets", "listener"), "replace"),
            **dict.fromkeys(("internet", "table", "private", "nat"), "replace"),
            **dict.fromkeys(("zone", "record"), "update"),
        },
        calls=("CreateVpc", "CreateSubnet", "DeleteSubnet", "DeleteVpc"),
    ),
    Row(
        name="zone",
        program=NAMED.replace("TYPE", "'A'"),
        change={"ZONE": "new.example", "NAME": "api.new.example"},
        ops={"zone": "replace", "record": "replace"},
    ),
    Row(
        name="record",
        program=NAMED.replace("TYPE", "KIND"),
        change={"KIND": "CNAME"},
        ops={"record": "replace"},
    ),
]


def in_order(calls: list[str], expected: tuple[str, ...]) -> bool:
    """Whether `expected` are found in `calls` in this order, others between them."""
    rest = iter(calls)
    return all(any(call.startswith(operation) for call in rest) for operation in expected)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_kind_is_replaced_while_its_users_hold_it(row: Row, stack: Any) -> None:
    """Preview and up agree, nothing is deleted that is in use, and all is gone in the end."""
    first = FIRST | {"KIND": "A"}
    stack.write(row.program, **first)
    run = stack.up()
    assert "succeeded" == run.result, run.text
    stack.write(row.program, **first | row.change)
    assert row.ops == stack.preview().ops
    before = len(stack.calls)
    run = stack.up()
    assert ("succeeded", row.ops) == (run.result, run.ops), run.text
    calls = [call.operation for call in stack.calls[before:] if "Describe" not in call.operation]
    assert in_order(calls, row.calls), calls
    assert {} == stack.preview().ops
    run = stack.destroy()
    assert "succeeded" == run.result, run.text


REFUSED = {
    "target group": (
        'aws.TargetGroup("it", {"name": "it", "vpcId": vpc.id, "port": 80 + N})',
        "port: the new one claims the name of the old one",
    ),
    "security group": (
        'aws.SecurityGroup("it", {"name": "it", "vpcId": vpc.id, "description": f"number {N}"})',
        "description: the new one claims the vpcId and name of the old one",
    ),
    "subnet": (
        'aws.Subnet("it", {"vpcId": vpc.id, "cidr": BLOCKS[N], "zone": ZONES[N]})',
        "zone: the new one claims the vpcId and cidr of the old one",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_would_have_to_be_deleted_while_in_use_is_refused(kind: str, stack: Any) -> None:
    """In the preview, with what to change."""
    program, problem = REFUSED[kind]
    program = f'from edgefleet.fleet import aws\nvpc = aws.Vpc("vpc", {{"cidr": "10.8.0.0/16"}})\n{program}'
    zones = {"ZONES": ("eu-central-1a", "eu-central-1b")}
    stack.write(program, N=0, BLOCKS=("10.8.0.0/24",), **zones)
    assert "succeeded" == stack.up().result
    stack.write(program, N=1, BLOCKS=("", "10.8.0.0/25"), **zones)
    run = stack.preview()
    assert "succeeded" != run.result
    path, _, reason = problem.partition(": ")
    assert path in run.text
    assert reason in " ".join(run.text.split())
    stack.write(program.replace('"name": "it", ', ""), N=1, BLOCKS=("", "10.8.1.0/24"), **zones)
    run = stack.up()
    assert ("succeeded", {"it": "replace"}) == (run.result, run.ops), run.text
    assert "succeeded" == stack.destroy().result
