"""Row of `Instance`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.instance import Instance
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    filters = [{"Name": "architecture", "Values": ["x86_64"]}]
    return {
        "subnet": ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"],
        "group": ec2.create_security_group(VpcId=vpc, GroupName="hub", Description="hub")["GroupId"],
        "image": ec2.describe_images(Filters=filters)["Images"][0]["ImageId"],
    }


ROW = Row(
    resource=Instance(),
    needs=needs,
    inputs=lambda made: {
        "image": made["image"],
        "instanceType": "t3.micro",
        "subnetId": made["subnet"],
        "securityGroups": [made["group"]],
        "userData": "#cloud-config\n{}\n",
        "tags": {"Name": "bastion"},
    },
    changed=lambda made: {
        "image": made["image"],
        "instanceType": "t3.small",
        "subnetId": made["subnet"],
        "securityGroups": [made["group"]],
        "userData": "#cloud-config\n{}\n",
        "tags": {"team": "edge"},
    },
    drift=lambda aws, identity: aws.client("ec2").stop_instances(InstanceIds=[identity]),
    remove=lambda aws, identity: aws.client("ec2").terminate_instances(InstanceIds=[identity]),
)
