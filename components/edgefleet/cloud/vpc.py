"""`edgefleet:aws:Vpc`: a virtual network of its own."""

from collections.abc import Iterable
from typing import Any

from edgefleet.cloud.base import ArnOutputs, Change, Described, Ec2Resource, Table, Tagged
from edgefleet.cloud.base.constraints import cidr_problems
from edgefleet.errors import Problem
from edgefleet.io.ec2 import Ec2Kind
from edgefleet.io.environment import Environment
from edgefleet.model.spec import spec

ATTRIBUTES = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}
"""dict[input -> attribute of the API]."""


@spec
class VpcSpec(Tagged):
    """A virtual network (EC2 API, CreateVpc)."""

    cidr: str
    """IPv4 addresses, ``10.0.0.0/16``; from /16 to /28."""
    enable_dns_support: bool = True
    """Answer DNS inside at the network's own resolver."""
    enable_dns_hostnames: bool = True
    """Give instances with public addresses names; private hosted zones need it."""


class Vpc(Ec2Resource, spec=VpcSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"cidr"})
    KIND = Ec2Kind("vpc", "describe_vpcs", "Vpcs", "VpcId", "vpc-id")
    INTERFACES = "vpc-id"
    TABLE = Table(
        create="create_vpc",
        delete="delete_vpc",
        answer="Vpc",
        key="VpcId",
        fields={"cidr": "CidrBlock"},
        changes=(
            Change(
                ("enableDnsSupport",),
                "modify_vpc_attribute",
                lambda spec: {"EnableDnsSupport": {"Value": spec.enable_dns_support}},
            ),
            Change(
                ("enableDnsHostnames",),
                "modify_vpc_attribute",
                lambda spec: {"EnableDnsHostnames": {"Value": spec.enable_dns_hostnames}},
            ),
        ),
    )

    def inspect(self, spec: VpcSpec) -> Iterable[Problem]:
        """A block that EC2 would refuse."""
        yield from super().inspect(spec)
        yield from cidr_problems("cidr", spec.cidr)

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its block and attributes."""
        place, ask = self.place(environment, current["VpcId"]), environment.aws.call
        for name, attribute in ATTRIBUTES.items():
            answer = ask("ec2", "describe_vpc_attribute", place, VpcId=current["VpcId"], Attribute=name)
            current = {**current, name: answer[attribute]["Value"]}
        return {**super().inputs(current, environment), **{name: current[name] for name in ATTRIBUTES}}
