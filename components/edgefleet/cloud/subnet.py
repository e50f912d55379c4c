"""`edgefleet:aws:Subnet`: a part of a network in one zone."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import Ec2Resource, Tagged
from edgefleet.cloud.base.cidr import cidr_problems
from edgefleet.errors import Problem
from edgefleet.io import ec2
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec


@spec
class SubnetSpec(Tagged):
    """A part of a network (EC2 API, CreateSubnet)."""

    vpc_id: Annotated[str, Effect.NONE]
    """Id of the network."""
    cidr: Annotated[str, Effect.NONE]
    """IPv4 addresses inside the network's, ``10.0.1.0/24``; from /16 to /28."""
    zone: Annotated[str | None, Effect.NONE] = None
    """Availability zone, ``eu-central-1a``; AWS chooses where it is absent."""
    public_addresses: Annotated[bool, Effect.NONE] = False
    """Give each instance a public address."""


@spec
class SubnetOutputs:
    """What is known of a subnet."""

    arn: str
    """Amazon Resource Name."""
    availability_zone: str
    """Zone that it is in."""


class Subnet(Ec2Resource):
    """The kind."""

    TOKEN = "edgefleet:aws:Subnet"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = SubnetSpec
    Outputs: ClassVar[type[Any]] = SubnetOutputs
    REPLACE_ON = frozenset({"vpcId", "cidr", "zone"})
    CLAIMS = ("vpcId", "cidr")
    PATIENCE = 600.0  # a load balancer lets go of its interfaces minutes after it is gone
    THING = ec2.Thing("subnet", "describe_subnets", "Subnets", "SubnetId", "subnet-id")

    def inspect(self, spec: SubnetSpec) -> Iterable[Problem]:
        """A block that EC2 would refuse."""
        yield from super().inspect(spec)
        yield from cidr_problems("cidr", spec.cidr)

    def plan(self, spec: SubnetSpec, outside: Outside) -> Mapping[str, Any]:
        """The zone, where it is asked for."""
        del outside
        return {"availabilityZone": spec.zone} if spec.zone else {}

    def make(self, spec: SubnetSpec, outside: Outside, place: str) -> Mapping[str, Any]:
        """Make the subnet."""
        made = outside.aws.call(
            "ec2",
            "create_subnet",
            place,
            VpcId=spec.vpc_id,
            CidrBlock=spec.cidr,
            AvailabilityZone=spec.zone,
            TagSpecifications=ec2.tagged(self.THING.kind, self.tags(spec, outside)),
        )
        found: Mapping[str, Any] = made["Subnet"]
        return found

    def settle(self, found: Mapping[str, Any], spec: SubnetSpec, outside: Outside) -> Mapping[str, Any]:
        """Say whether instances get public addresses."""
        if found["MapPublicIpOnLaunch"] != spec.public_addresses:
            place, setting = self.place(outside, found["SubnetId"]), {"Value": spec.public_addresses}
            outside.aws.call(
                "ec2",
                "modify_subnet_attribute",
                place,
                SubnetId=found["SubnetId"],
                MapPublicIpOnLaunch=setting,
            )
        return found

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Where it is."""
        del outside
        return {
            "vpcId": found["VpcId"],
            "cidr": found["CidrBlock"],
            "zone": found["AvailabilityZone"],
            "publicAddresses": found["MapPublicIpOnLaunch"],
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> SubnetOutputs:
        """Its name and zone."""
        del outside
        return SubnetOutputs(arn=found["SubnetArn"], availability_zone=found["AvailabilityZone"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it."""
        outside.aws.seek("ec2", "delete_subnet", place, SubnetId=found["SubnetId"])

    def users(self, identity: str, outside: Outside) -> list[str]:
        """Network interfaces inside."""
        return ec2.interfaces(outside.aws, "subnet-id", identity)
