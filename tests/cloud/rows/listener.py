"""Row of `Listener`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.listener import Listener
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    balancer = elb.create_load_balancer(Name="hub", Type="network", Subnets=[subnet])
    groups = {
        name: elb.create_target_group(Name=name, Protocol="TCP", Port=6443, VpcId=vpc)["TargetGroups"][0][
            "TargetGroupArn"
        ]
        for name in ("one", "two")
    }
    return {"balancer": balancer["LoadBalancers"][0]["LoadBalancerArn"], **groups}


def drift(aws: Aws, identity: str) -> None:
    aws.client("elbv2").modify_listener(ListenerArn=identity, Port=443)


ROW = Row(
    resource=Listener(),
    needs=needs,
    inputs=lambda made: {"loadBalancer": made["balancer"], "port": 6443, "targetGroup": made["one"]},
    changed=lambda made: {
        "loadBalancer": made["balancer"],
        "port": 6444,
        "targetGroup": made["two"],
        "tags": {"Name": "hub"},
    },
    drift=drift,
    remove=lambda aws, identity: aws.client("elbv2").delete_listener(ListenerArn=identity),
)
