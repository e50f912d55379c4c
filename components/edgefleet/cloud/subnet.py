"""`edgefleet:aws:Subnet`: a part of a network in one zone."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from edgefleet.cloud.base import Change, Ec2Resource, Ec2Tagged, Table
from edgefleet.cloud.base.constraints import Block, VpcId, Zone
from edgefleet.errors import Problem
from edgefleet.io import ec2
from edgefleet.io.ec2 import Ec2Kind
from edgefleet.io.environment import Environment
from edgefleet.model.spec import spec
from edgefleet.model.unknown import is_known


@spec
class SubnetSpec(Ec2Tagged):
    """A part of a network (EC2 API, CreateSubnet)."""

    vpc_id: VpcId
    """Id of the network."""
    cidr: Block
    """IPv4 addresses inside the network's, ``10.0.1.0/24``; from /16 to /28."""
    zone: Zone | None = None
    """Availability zone, ``eu-central-1a``; AWS chooses where it is absent."""
    public_addresses: bool = False
    """Give each instance a public address."""


@spec
class SubnetOutputs:
    """What is known of a subnet."""

    arn: str
    """Amazon Resource Name."""
    availability_zone: str
    """Zone that it is in."""


class Subnet(Ec2Resource, spec=SubnetSpec, outputs=SubnetOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"vpcId", "cidr", "zone"})
    CLAIMS = ("vpcId", "cidr")
    HELD = "give it a cidr that does not overlap the old one"
    PATIENCE = 600.0  # a load balancer releases its interfaces minutes after its deletion
    KIND = Ec2Kind("subnet", "describe_subnets", "Subnets", "SubnetId", "subnet-id")
    INTERFACES = "subnet-id"
    TABLE = Table(
        create="create_subnet",
        delete="delete_subnet",
        answer="Subnet",
        key="SubnetId",
        fields={"vpcId": "VpcId", "cidr": "CidrBlock", "zone": "AvailabilityZone"},
        settings={"publicAddresses": "MapPublicIpOnLaunch"},
        outputs={"arn": "SubnetArn", "availability_zone": "AvailabilityZone"},
        changes=(
            Change(
                ("publicAddresses",),
                "modify_subnet_attribute",
                lambda spec: {"MapPublicIpOnLaunch": {"Value": spec.public_addresses}},
            ),
        ),
    )

    def verify(self, spec: SubnetSpec, environment: Environment) -> Iterable[Problem]:
        """A zone that the region lacks."""
        if spec.zone is None or not is_known(spec.zone):
            return
        if (zones := ec2.zones(environment.aws)) and spec.zone not in zones:
            problem = f"{environment.aws.region} has no zone {spec.zone}"
            yield Problem(
                code="no-zone", path="zone", problem=problem, hint=f"write one of {', '.join(zones)}"
            )

    def collides(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether both are in one network and their addresses overlap."""
        blocks = [inputs["cidr"] for inputs in (old, new)]
        if not is_known(*blocks) or not ip_network(blocks[0]).overlaps(ip_network(blocks[1])):
            return False
        return super().collides(old, {**new, "cidr": old["cidr"]})

    def plan(self, spec: SubnetSpec, environment: Environment) -> Mapping[str, Any]:
        """The zone, if it is declared."""
        del environment
        return {"availabilityZone": spec.zone} if spec.zone else {}
