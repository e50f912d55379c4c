"""Row of `EksCluster`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.eks_cluster import EksCluster
from edgefleet.io.aws import Aws

ROLE = "arn:aws:iam::123456789012:role/hub"


def needs(aws: Aws) -> dict[str, str]:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    return {
        zone: ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"eu-central-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("abc")
    }


def drift(aws: Aws, identity: str) -> None:
    config = {"endpointPublicAccess": False, "endpointPrivateAccess": True}
    aws.client("eks").update_cluster_config(name=identity, resourcesVpcConfig=config)


def remove(aws: Aws, identity: str) -> None:
    aws.client("eks").delete_cluster(name=identity)


ROW = Row(
    resource=EksCluster(),
    needs=needs,
    inputs=lambda made: {
        "name": "hub",
        "version": "1.36",
        "role": ROLE,
        "subnets": [made["a"], made["b"]],
        "logs": ["audit"],
        "tags": {"team": "edge"},
    },
    changed=lambda made: {
        "name": "hub",
        "version": "1.37",
        "role": ROLE,
        "subnets": [made["a"], made["c"]],
        "access": ["192.0.2.0/24"],
    },
    drift=drift,
    remove=remove,
)
