"""Row of `NatGateway`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.nat_gateway import NatGateway
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return {
        "subnet": ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"],
        "address": ec2.allocate_address(Domain="vpc")["AllocationId"],
    }


def drift(aws: Aws, identity: str) -> None:
    aws.client("ec2").create_tags(Resources=[identity], Tags=[{"Key": "Name", "Value": "somebody's"}])


ROW = Row(
    resource=NatGateway(),
    needs=needs,
    inputs=lambda made: {
        "subnetId": made["subnet"],
        "allocationId": made["address"],
        "tags": {"Name": "hub"},
    },
    changed=lambda made: {
        "subnetId": made["subnet"],
        "allocationId": made["address"],
        "tags": {"team": "edge"},
    },
    drift=drift,
    remove=lambda aws, identity: aws.client("ec2").delete_nat_gateway(NatGatewayId=identity),
)
