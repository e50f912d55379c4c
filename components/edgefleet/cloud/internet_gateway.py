"""`edgefleet:aws:InternetGateway`: a network's door to the Internet."""

from typing import Any

from edgefleet.cloud.base import ArnOutputs, Described, Ec2Resource, Table, Tagged
from edgefleet.io import ec2
from edgefleet.io.ec2 import Ec2Kind
from edgefleet.io.environment import Environment
from edgefleet.model.spec import spec


@spec
class InternetGatewaySpec(Tagged):
    """A network's door to the Internet (EC2 API, CreateInternetGateway)."""

    vpc_id: str
    """Id of the network that it is attached to; a network has one at most."""


class InternetGateway(Ec2Resource, spec=InternetGatewaySpec, outputs=ArnOutputs):
    """The kind."""

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
    )

    def settle(self, current: Described, spec: InternetGatewaySpec, environment: Environment) -> Described:
        """Attach it to the network, and to no other."""
        attached, place = _attached(current), self.place(environment, self.id_of(current))
        if attached not in {None, spec.vpc_id}:
            environment.aws.call(
                "ec2", "detach_internet_gateway", place, **self.named(current), VpcId=attached
            )
        if attached != spec.vpc_id:
            environment.aws.call(
                "ec2", "attach_internet_gateway", place, **self.named(current), VpcId=spec.vpc_id
            )
        return current

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """The network that it is attached to."""
        del environment
        return {"vpcId": _attached(current) or ""}

    def remove(self, current: Described, environment: Environment, place: str) -> None:
        """Detach and remove it."""
        attached = _attached(current)
        if attached is not None:
            environment.aws.seek(
                "ec2", "detach_internet_gateway", place, **self.named(current), VpcId=attached
            )
        super().remove(current, environment, place)

    def users(self, identity: str, environment: Environment) -> list[str]:
        """Public addresses in its network."""
        attached = _attached(self.describe(identity, environment) or {})
        return [] if attached is None else ec2.interfaces(environment.aws, "vpc-id", attached)


def _attached(current: Described) -> str | None:
    return next((each["VpcId"] for each in current.get("Attachments") or ()), None)
