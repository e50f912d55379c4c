"""Row of `Vpc`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.vpc import Vpc
from edgefleet.io.aws import Aws


def drift(aws: Aws, identity: str) -> None:
    aws.client("ec2").modify_vpc_attribute(VpcId=identity, EnableDnsHostnames={"Value": False})


ROW = Row(
    resource=Vpc(),
    inputs=lambda _: {"cidr": "10.9.0.0/16", "tags": {"Name": "hub"}},
    changed=lambda _: {"cidr": "10.9.0.0/16", "enableDnsSupport": False, "tags": {"team": "edge"}},
    drift=drift,
    remove=lambda aws, identity: aws.client("ec2").delete_vpc(VpcId=identity),
)
