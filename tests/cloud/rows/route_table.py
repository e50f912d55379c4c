"""Row of `RouteTable`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.route_table import RouteTable
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets = {
        f"subnet{number}": ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24")["Subnet"]["SubnetId"]
        for number in (1, 2)
    }
    return {"vpc": vpc, "gateway": gateway, **subnets}


def drift(aws: Aws, identity: str) -> None:
    aws.client("ec2").delete_route(RouteTableId=identity, DestinationCidrBlock="0.0.0.0/0")


def remove(aws: Aws, identity: str) -> None:
    ec2 = aws.client("ec2")
    (found,) = ec2.describe_route_tables(RouteTableIds=[identity])["RouteTables"]
    for each in found["Associations"]:
        ec2.disassociate_route_table(AssociationId=each["RouteTableAssociationId"])
    ec2.delete_route_table(RouteTableId=identity)


ROW = Row(
    resource=RouteTable(),
    needs=needs,
    inputs=lambda made: {
        "vpcId": made["vpc"],
        "routes": [{"cidr": "0.0.0.0/0", "gatewayId": made["gateway"]}],
        "subnets": [made["subnet1"]],
    },
    changed=lambda made: {
        "vpcId": made["vpc"],
        "routes": [
            {"cidr": "192.168.0.0/16", "gatewayId": made["gateway"]},
            {"cidr": "0.0.0.0/0", "gatewayId": made["gateway"]},
        ],
        "subnets": [made["subnet2"]],
        "tags": {"Name": "public"},
    },
    drift=drift,
    remove=remove,
)
