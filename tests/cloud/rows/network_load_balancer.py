"""Row of `NetworkLoadBalancer`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.network_load_balancer import NetworkLoadBalancer
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="hub", Description="hub")["GroupId"]
    return {"group": group} | {
        zone: ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"eu-central-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("abc")
    }


def drift(aws: Aws, identity: str) -> None:
    attributes = [{"Key": "load_balancing.cross_zone.enabled", "Value": "false"}]
    aws.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=identity, Attributes=attributes)


ROW = Row(
    resource=NetworkLoadBalancer(),
    needs=needs,
    inputs=lambda made: {
        "name": "hub",
        "subnets": [made["b"], made["a"]],
        "securityGroups": [made["group"]],
        "crossZone": True,
        "tags": {"Name": "hub"},
    },
    changed=lambda made: {
        "name": "hub",
        "subnets": [made["a"], made["b"], made["c"]],
        "securityGroups": [made["group"]],
        "tags": {"team": "edge"},
    },
    drift=drift,
    remove=lambda aws, identity: aws.client("elbv2").delete_load_balancer(LoadBalancerArn=identity),
)
