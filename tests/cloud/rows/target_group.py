"""Row of `TargetGroup`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.target_group import TargetGroup
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    return {"vpc": aws.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]}


def drift(aws: Aws, identity: str) -> None:
    aws.client("elbv2").modify_target_group(TargetGroupArn=identity, HealthyThresholdCount=9)


ROW = Row(
    resource=TargetGroup(),
    needs=needs,
    inputs=lambda made: {"name": "hub-6443", "vpcId": made["vpc"], "port": 6443, "tags": {"Name": "hub"}},
    changed=lambda made: {
        "name": "hub-6443",
        "vpcId": made["vpc"],
        "port": 6443,
        "healthInterval": 30,
        "deregistrationDelay": 60,
    },
    drift=drift,
    remove=lambda aws, identity: aws.client("elbv2").delete_target_group(TargetGroupArn=identity),
)
