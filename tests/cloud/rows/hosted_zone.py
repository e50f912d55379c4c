"""Row of `HostedZone`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.hosted_zone import HostedZone
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    ec2 = aws.client("ec2")
    return {
        name: ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        for number, name in enumerate(("vpc", "other"), 9)
    }


def drift(aws: Aws, identity: str) -> None:
    aws.client("route53").update_hosted_zone_comment(Id=identity, Comment="somebody's")


ROW = Row(
    resource=HostedZone(),
    needs=needs,
    inputs=lambda made: {"name": "hub.example", "vpcs": [made["vpc"]], "tags": {"team": "edge"}},
    changed=lambda made: {"name": "hub.example", "vpcs": [made["other"]], "comment": "The hub's name."},
    drift=drift,
    remove=lambda aws, identity: aws.client("route53").delete_hosted_zone(Id=identity),
)
