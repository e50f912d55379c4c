"""`edgefleet:aws:InternetGateway`: a network's door to the Internet."""

from collections.abc import Mapping
from typing import Any

from edgefleet.cloud.base import ArnOutputs, Described, Ec2Resource, Ec2Tagged, Table
from edgefleet.cloud.base.constraints import VpcId
from edgefleet.io import ec2
from edgefleet.io.ec2 import Ec2Kind
from edgefleet.io.environment import Environment
from edgefleet.model.spec import spec


@spec
class InternetGatewaySpec(Ec2Tagged):
    """A network's door to the Internet (EC2 API, CreateInternetGateway)."""

    vpc_id: VpcId
    """Id of the network that it is attached to; a network has one at most."""


def _attached(current: Described) -> str:
    """Id of the network; empty for none."""
    return next((str(link["VpcId"]) for link in current.get("Attachments") or ()), "")


class InternetGateway(Ec2Resource, spec=InternetGatewaySpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"vpcId"})
    PATIENCE = 600.0  # a load balancer releases its interfaces minutes after its deletion
    KIND = Ec2Kind(
        "internet-gateway",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        "internet-gateway-id",
    )
    TABLE = Table(
        create="create_internet_gateway",
        delete="delete_internet_gateway",
        answer="InternetGateway",
        key="InternetGatewayId",
        settings={"vpcId": _attached},
    )

    def replacing(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
        """One that somebody detached is attached again."""
        return super().replacing(old, new) - (set() if old.get("vpcId") else {"vpcId"})

    def settle(self, current: Described, spec: InternetGatewaySpec, environment: Environment) -> Described:
        """Attach it to the network."""
        if _attached(current) != spec.vpc_id:
            self.call(current, environment, "attach_internet_gateway", VpcId=spec.vpc_id)
        return current

    def remove(self, current: Described, environment: Environment) -> None:
        """Detach and remove it."""
        if attached := _attached(current):
            self.seek(current, environment, "detach_internet_gateway", VpcId=attached)
        super().remove(current, environment)

    def users(self, identity: str, environment: Environment) -> list[str]:
        """Public addresses in its network."""
        attached = _attached(self.describe(identity, environment) or {})
        return [] if not attached else ec2.interfaces(environment.aws, "vpc-id", attached)
