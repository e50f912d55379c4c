"""Row of `ServerSet`; how it rolls is in `test_server_machines`."""

from collections.abc import Mapping
from typing import Any

from tests.cloud.rows.row import Row

from edgefleet.cloud.server_set import ServerSet
from edgefleet.io.aws import Aws

MARKER = "/retail/hub/begun"


def needs(aws: Aws) -> dict[str, str]:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    filters = [{"Name": "architecture", "Values": ["x86_64"]}]
    iam, elb = aws.client("iam"), aws.client("elbv2")
    iam.create_role(RoleName="hub", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="hub")
    group = elb.create_target_group(Name="hub", Protocol="TCP", Port=6443, VpcId=vpc)
    subnets = {
        zone: ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"eu-central-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("abc")
    }
    return {
        **subnets,
        "group": ec2.create_security_group(VpcId=vpc, GroupName="hub", Description="hub")["GroupId"],
        "targets": group["TargetGroups"][0]["TargetGroupArn"],
        "image": ec2.describe_images(Filters=filters)["Images"][0]["ImageId"],
        "other": ec2.describe_images(Filters=filters)["Images"][1]["ImageId"],
    }


def inputs(made: Mapping[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "name": "hub",
        "image": made["image"],
        "instanceType": "t3.medium",
        "subnets": [made[zone] for zone in "abc"],
        "securityGroups": [made["group"]],
        "instanceProfile": "hub",
        "userData": {"init": "#cloud-config\na: 1\n", "join": "#cloud-config\na: 2\n"},
        "marker": MARKER,
        "targetGroups": [made["targets"]],
        "servers": 1,
        **changes,
    }


def remove(aws: Aws, identity: str) -> None:
    del identity
    ec2 = aws.client("ec2")
    found = [each for one in ec2.describe_instances()["Reservations"] for each in one["Instances"]]
    ec2.terminate_instances(InstanceIds=[each["InstanceId"] for each in found])
    aws.client("ssm").delete_parameter(Name=MARKER)


def drift(aws: Aws, identity: str) -> None:
    del identity
    ec2 = aws.client("ec2")
    found = [each for one in ec2.describe_instances()["Reservations"] for each in one["Instances"]]
    ec2.stop_instances(InstanceIds=[found[0]["InstanceId"]])


ROW = Row(
    resource=ServerSet(),
    needs=needs,
    inputs=inputs,
    changed=lambda made: inputs(made, instanceType="t3.large"),
    drift=drift,
    remove=remove,
    keeps=frozenset(
        {
            "subnets",
            "securityGroups",
            "instanceProfile",
            "userData",
            "marker",
            "targetGroups",
            "tags",
        }
    ),
    stride=4,
)
