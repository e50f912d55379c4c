"""`edgefleet:aws:Vpc`: a virtual network of its own."""

from collections.abc import Callable
from typing import Any

from edgefleet.cloud.base import ArnOutputs, Change, Described, Ec2Resource, Ec2Tagged, Table
from edgefleet.cloud.base.constraints import Block
from edgefleet.io.ec2 import Ec2Kind
from edgefleet.io.environment import Environment
from edgefleet.model.spec import spec

ATTRIBUTES = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}
"""dict[input -> attribute of the API]."""


@spec
class VpcSpec(Ec2Tagged):
    """A virtual network (EC2 API, CreateVpc)."""

    cidr: Block
    """IPv4 addresses, ``10.0.0.0/16``; from /16 to /28."""
    enable_dns_support: bool = True
    """Answer DNS inside at the network's own resolver."""
    enable_dns_hostnames: bool = True
    """Give instances with public addresses names; private hosted zones need it."""


def _attribute(name: str, value: Callable[[VpcSpec], bool]) -> Change:
    """The call that sets the attribute of the input `name`: one a call."""
    return Change((name,), "modify_vpc_attribute", lambda spec: {ATTRIBUTES[name]: {"Value": value(spec)}})


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
            _attribute("enableDnsSupport", lambda spec: spec.enable_dns_support),
            _attribute("enableDnsHostnames", lambda spec: spec.enable_dns_hostnames),
        ),
    )

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its block and attributes, each of which EC2 describes by a call of its own."""
        live = super().inputs(current, environment)
        for name, attribute in ATTRIBUTES.items():
            answer = self.call(current, environment, "describe_vpc_attribute", Attribute=name)
            live[name] = answer[attribute]["Value"]
        return live
