"""Row of `Subnet`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.subnet import Subnet
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    return {"vpc": aws.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]}


def drift(aws: Aws, identity: str) -> None:
    aws.client("ec2").modify_subnet_attribute(SubnetId=identity, MapPublicIpOnLaunch={"Value": False})


ROW = Row(
    resource=Subnet(),
    needs=needs,
    inputs=lambda made: {
        "vpcId": made["vpc"],
        "cidr": "10.9.1.0/24",
        "zone": "eu-central-1b",
        "publicAddresses": True,
    },
    changed=lambda made: {
        "vpcId": made["vpc"],
        "cidr": "10.9.1.0/24",
        "zone": "eu-central-1b",
        "tags": {"Name": "hub-b"},
    },
    drift=drift,
    remove=lambda aws, identity: aws.client("ec2").delete_subnet(SubnetId=identity),
)
