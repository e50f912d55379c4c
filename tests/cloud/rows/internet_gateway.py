"""Row of `InternetGateway`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.internet_gateway import InternetGateway
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    ec2 = aws.client("ec2")
    return {"vpc": ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]}


def attached(aws: Aws, identity: str) -> str:
    (found,) = aws.client("ec2").describe_internet_gateways(InternetGatewayIds=[identity])["InternetGateways"]
    vpc: str = found["Attachments"][0]["VpcId"]
    return vpc


def drift(aws: Aws, identity: str) -> None:
    aws.client("ec2").detach_internet_gateway(InternetGatewayId=identity, VpcId=attached(aws, identity))


def remove(aws: Aws, identity: str) -> None:
    drift(aws, identity)
    aws.client("ec2").delete_internet_gateway(InternetGatewayId=identity)


ROW = Row(
    resource=InternetGateway(),
    needs=needs,
    inputs=lambda made: {"vpcId": made["vpc"], "tags": {"Name": "hub"}},
    changed=lambda made: {"vpcId": made["vpc"], "tags": {"team": "edge"}},
    drift=drift,
    remove=remove,
)
