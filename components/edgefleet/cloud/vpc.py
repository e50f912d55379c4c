"""`edgefleet:aws:Vpc`: a virtual network of its own."""

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

THING = ec2.Thing("vpc", "describe_vpcs", "Vpcs", "VpcId", "vpc-id")
ATTRIBUTES = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}
"""dict[input -> attribute of the API]."""


@spec
class VpcSpec(Tagged):
    """A virtual network (EC2 API, CreateVpc)."""

    cidr: Annotated[str, Effect.NONE]
    """IPv4 addresses, ``10.0.0.0/16``; from /16 to /28."""
    enable_dns_support: Annotated[bool, Effect.NONE] = True
    """Answer DNS inside at the network's own resolver."""
    enable_dns_hostnames: Annotated[bool, Effect.NONE] = True
    """Give instances with public addresses names; private hosted zones need it."""


@spec
class VpcOutputs:
    """What is known of a network."""

    arn: str
    """Amazon Resource Name."""
    default_security_group: str | None
    """Id of the security group that comes with it."""


class Vpc(CloudResource):
    """The kind."""

    TOKEN = "edgefleet:aws:Vpc"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = VpcSpec
    Outputs: ClassVar[type[Any]] = VpcOutputs
    REPLACE_ON = frozenset({"cidr"})

    def inspect(self, spec: VpcSpec) -> Iterable[Problem]:
        """A block that EC2 would refuse."""
        yield from super().inspect(spec)
        yield from cidr_problems("cidr", spec.cidr)

    def create(self, spec: VpcSpec, outside: Outside) -> Created[VpcOutputs]:
        """Make it, or go on with the one that an earlier run made."""
        aws, place = outside.aws, self.place(outside)
        found = ec2.find(outside, THING, place)
        if found is None:
            tags = ec2.tagged(THING.kind, self.tags(spec, outside))
            found = aws.call("ec2", "create_vpc", place, CidrBlock=spec.cidr, TagSpecifications=tags)["Vpc"]
        identity = found["VpcId"]
        with finishing(identity, _outputs(found, outside)):
            self._settle(
                identity, spec, outside, live={"enableDnsSupport": True, "enableDnsHostnames": False}
            )
            outputs = _outputs(found, outside, group=self._default_group(identity, outside))
        return Created(id=identity, outputs=outputs)

    def read(self, identity: str, outside: Outside, recorded: Mapping[str, Any]) -> Found[VpcOutputs] | None:
        """As it is."""
        found = ec2.get(outside.aws, THING, identity)
        if found is None:
            return None
        group = recorded.get("defaultSecurityGroup") or self._default_group(identity, outside)
        inputs = {
            "cidr": found["CidrBlock"],
            "tags": without_ownership(ec2.tags_of(found)),
            **self._attributes(identity, outside),
        }
        return Found(id=identity, inputs=inputs, outputs=_outputs(found, outside, group=group))

    def update(
        self, identity: str, new: VpcSpec, outside: Outside, recorded: Mapping[str, Any]
    ) -> VpcOutputs:
        """Set what differs from how it is."""
        found = ec2.get(outside.aws, THING, identity) or self.gone(identity, outside)
        group = recorded.get("defaultSecurityGroup")
        with finishing(identity, _outputs(found, outside, group=group)):
            self._settle(identity, new, outside, live=self._attributes(identity, outside))
            wanted = self.tags(new, outside)
            ec2.set_tags(outside.aws, identity, live=ec2.tags_of(found), wanted=wanted)
            group = group or self._default_group(identity, outside)
        return _outputs(found, outside, group=group)

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
            lambda: aws.seek("ec2", "delete_vpc", place, VpcId=identity),
            outside.clock,
            users=lambda: ec2.interfaces(outside.aws, "vpc-id", identity),
        )

    def _settle(self, identity: str, spec: VpcSpec, outside: Outside, *, live: Mapping[str, bool]) -> None:
        wanted = {
            "enableDnsSupport": spec.enable_dns_support,
            "enableDnsHostnames": spec.enable_dns_hostnames,
        }
        for name, attribute in ATTRIBUTES.items():
            if live[name] != wanted[name]:
                setting = {attribute: {"Value": wanted[name]}}
                place = self.place(outside, identity)
                outside.aws.call("ec2", "modify_vpc_attribute", place, VpcId=identity, **setting)

    def _attributes(self, identity: str, outside: Outside) -> dict[str, bool]:
        place = self.place(outside, identity)
        ask = outside.aws.call
        return {
            name: ask("ec2", "describe_vpc_attribute", place, VpcId=identity, Attribute=name)[attribute][
                "Value"
            ]
            for name, attribute in ATTRIBUTES.items()
        }

    def _default_group(self, identity: str, outside: Outside) -> str | None:
        filters = [
            {"Name": "vpc-id", "Values": [identity]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        place = self.place(outside, identity)
        groups = outside.aws.call("ec2", "describe_security_groups", place, Filters=filters)["SecurityGroups"]
        return groups[0]["GroupId"] if groups else None


def _outputs(found: Mapping[str, Any], outside: Outside, *, group: str | None = None) -> VpcOutputs:
    arn = outside.aws.arn("ec2", f"vpc/{found['VpcId']}", account=found.get("OwnerId"))
    return VpcOutputs(arn=arn, default_security_group=group)
