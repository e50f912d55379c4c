"""`edgefleet:aws:Vpc`: a virtual network of its own."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import Ec2Resource, Tagged
from edgefleet.cloud.base.cidr import cidr_problems
from edgefleet.errors import Problem
from edgefleet.io import ec2
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

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


class Vpc(Ec2Resource):
    """The kind."""

    TOKEN = "edgefleet:aws:Vpc"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = VpcSpec
    Outputs: ClassVar[type[Any]] = VpcOutputs
    REPLACE_ON = frozenset({"cidr"})
    THING = ec2.Thing("vpc", "describe_vpcs", "Vpcs", "VpcId", "vpc-id")

    def inspect(self, spec: VpcSpec) -> Iterable[Problem]:
        """A block that EC2 would refuse."""
        yield from super().inspect(spec)
        yield from cidr_problems("cidr", spec.cidr)

    def make(self, spec: VpcSpec, outside: Outside, place: str) -> Mapping[str, Any]:
        """Make the network."""
        tags = ec2.tagged(self.THING.kind, self.tags(spec, outside))
        made = outside.aws.call("ec2", "create_vpc", place, CidrBlock=spec.cidr, TagSpecifications=tags)
        found: Mapping[str, Any] = made["Vpc"]
        return found

    def settle(self, found: Mapping[str, Any], spec: VpcSpec, outside: Outside) -> Mapping[str, Any]:
        """Set both attributes of DNS."""
        identity = found["VpcId"]
        live, place = self._attributes(identity, outside), self.place(outside, identity)
        wanted = {
            "enableDnsSupport": spec.enable_dns_support,
            "enableDnsHostnames": spec.enable_dns_hostnames,
        }
        for name, attribute in ATTRIBUTES.items():
            if live[name] != wanted[name]:
                setting = {attribute: {"Value": wanted[name]}}
                outside.aws.call("ec2", "modify_vpc_attribute", place, VpcId=identity, **setting)
        return found

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its block and attributes."""
        return {"cidr": found["CidrBlock"], **self._attributes(found["VpcId"], outside)}

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> VpcOutputs:
        """Its name."""
        arn = outside.aws.arn("ec2", f"vpc/{found['VpcId']}", account=found.get("OwnerId"))
        return VpcOutputs(arn=arn)

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it."""
        outside.aws.seek("ec2", "delete_vpc", place, VpcId=found["VpcId"])

    def users(self, identity: str, outside: Outside) -> list[str]:
        """Network interfaces inside."""
        return ec2.interfaces(outside.aws, "vpc-id", identity)

    def _attributes(self, identity: str, outside: Outside) -> dict[str, bool]:
        place, ask = self.place(outside, identity), outside.aws.call
        return {
            name: ask("ec2", "describe_vpc_attribute", place, VpcId=identity, Attribute=name)[attribute][
                "Value"
            ]
            for name, attribute in ATTRIBUTES.items()
        }
