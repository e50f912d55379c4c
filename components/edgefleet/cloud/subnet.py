"""`edgefleet:aws:Subnet`: a part of a network in one zone."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import CloudResource, Tagged, finishing
from edgefleet.errors import Problem
from edgefleet.io import ec2
from edgefleet.io.outside import Created, Found, Outside
from edgefleet.io.ownership import without_ownership
from edgefleet.io.waiting import while_in_use
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec
from edgefleet.planning.cidr import cidr_problems

THING = ec2.Thing("subnet", "describe_subnets", "Subnets", "SubnetId", "subnet-id")


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


class Subnet(CloudResource):
    """The kind."""

    TOKEN = "edgefleet:aws:Subnet"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = SubnetSpec
    Outputs: ClassVar[type[Any]] = SubnetOutputs
    REPLACE_ON = frozenset({"vpcId", "cidr", "zone"})
    CLAIMS = ("vpcId", "cidr")

    def inspect(self, spec: SubnetSpec) -> Iterable[Problem]:
        """A block that EC2 would refuse."""
        yield from super().inspect(spec)
        yield from cidr_problems("cidr", spec.cidr)

    def plan(self, spec: SubnetSpec, outside: Outside) -> Mapping[str, Any]:
        """The zone, where it is asked for."""
        del outside
        return {"availabilityZone": spec.zone} if spec.zone else {}

    def create(self, spec: SubnetSpec, outside: Outside) -> Created[SubnetOutputs]:
        """Make it, or go on with the one that an earlier run made."""
        aws, place = outside.aws, self.place(outside)
        found = ec2.find(outside, THING, place)
        if found is None:
            found = aws.call(
                "ec2",
                "create_subnet",
                place,
                VpcId=spec.vpc_id,
                CidrBlock=spec.cidr,
                AvailabilityZone=spec.zone,
                TagSpecifications=ec2.tagged(THING.kind, self.tags(spec, outside)),
            )["Subnet"]
        with finishing(found["SubnetId"], _outputs(found)):
            self._settle(found, spec, outside)
        return Created(id=found["SubnetId"], outputs=_outputs(found))

    def read(
        self, identity: str, outside: Outside, recorded: Mapping[str, Any]
    ) -> Found[SubnetOutputs] | None:
        """As it is."""
        del recorded
        found = ec2.get(outside.aws, THING, identity)
        if found is None:
            return None
        inputs = {
            "vpcId": found["VpcId"],
            "cidr": found["CidrBlock"],
            "zone": found["AvailabilityZone"],
            "publicAddresses": found["MapPublicIpOnLaunch"],
            "tags": without_ownership(ec2.tags_of(found)),
        }
        return Found(id=identity, inputs=inputs, outputs=_outputs(found))

    def update(
        self, identity: str, new: SubnetSpec, outside: Outside, recorded: Mapping[str, Any]
    ) -> SubnetOutputs:
        """Set what differs from how it is."""
        del recorded
        found = ec2.get(outside.aws, THING, identity) or self.gone(identity, outside)
        with finishing(identity, _outputs(found)):
            self._settle(found, new, outside)
            wanted = self.tags(new, outside)
            ec2.set_tags(outside.aws, identity, live=ec2.tags_of(found), wanted=wanted)
        return _outputs(found)

    def delete(
        self,
        identity: str,
        outside: Outside,
        inputs: Mapping[str, Any],
        *,
        successor: Mapping[str, Any] | None = None,
    ) -> None:
        """Remove it; AWS keeps it while anything is inside."""
        del inputs
        if successor is not None:
            return
        aws, place = outside.aws, self.place(outside, identity)
        while_in_use(
            lambda: aws.seek("ec2", "delete_subnet", place, SubnetId=identity),
            outside.clock,
            users=lambda: ec2.interfaces(aws, "subnet-id", identity),
        )

    def _settle(self, found: Mapping[str, Any], spec: SubnetSpec, outside: Outside) -> None:
        if found["MapPublicIpOnLaunch"] != spec.public_addresses:
            outside.aws.call(
                "ec2",
                "modify_subnet_attribute",
                self.place(outside, found["SubnetId"]),
                SubnetId=found["SubnetId"],
                MapPublicIpOnLaunch={"Value": spec.public_addresses},
            )


def _outputs(found: Mapping[str, Any]) -> SubnetOutputs:
    return SubnetOutputs(arn=found["SubnetArn"], availability_zone=found["AvailabilityZone"])
