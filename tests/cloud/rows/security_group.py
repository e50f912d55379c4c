"""Row of `SecurityGroup`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.security_group import SecurityGroup
from edgefleet.io.aws import Aws

HTTPS = {"fromPort": 6443, "cidr": "0.0.0.0/0", "description": "Kubernetes API"}
ETCD = {"fromPort": 2379, "toPort": 2380, "securityGroup": "self"}
EVERYWHERE = {"protocol": "-1", "cidr": "0.0.0.0/0"}


def needs(aws: Aws) -> dict[str, str]:
    return {"vpc": aws.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]}


def drift(aws: Aws, identity: str) -> None:
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    aws.client("ec2").authorize_security_group_ingress(GroupId=identity, IpPermissions=[permission])


ROW = Row(
    resource=SecurityGroup(),
    needs=needs,
    inputs=lambda made: {
        "vpcId": made["vpc"],
        "name": "hub",
        "ingress": [HTTPS, ETCD],
        "egress": [EVERYWHERE],
    },
    changed=lambda made: {
        "vpcId": made["vpc"],
        "name": "hub",
        "ingress": [ETCD, {"protocol": "udp", "fromPort": 8472, "cidr": "10.9.0.0/16"}],
        "tags": {"Name": "hub"},
    },
    drift=drift,
    remove=lambda aws, identity: aws.client("ec2").delete_security_group(GroupId=identity),
)
