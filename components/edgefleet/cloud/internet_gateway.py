"""`edgefleet:aws:InternetGateway`: a network's door to the Internet."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import Ec2Resource, Tagged
from edgefleet.io import ec2
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec


@spec
class InternetGatewaySpec(Tagged):
    """A network's door to the Internet (EC2 API, CreateInternetGateway)."""

    vpc_id: Annotated[str, Effect.NONE]
    """Id of the network that it is attached to; a network has one at most."""


@spec
class InternetGatewayOutputs:
    """What is known of an Internet gateway."""

    arn: str
    """Amazon Resource Name."""


class InternetGateway(Ec2Resource):
    """The kind."""

    TOKEN = "edgefleet:aws:InternetGateway"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = InternetGatewaySpec
    Outputs: ClassVar[type[Any]] = InternetGatewayOutputs
    PATIENCE = 600.0  # a load balancer lets go of its interfaces minutes after it is gone
    THING = ec2.Thing(
        "internet-gateway",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        "internet-gateway-id",
    )

    def make(self, spec: InternetGatewaySpec, outside: Outside, place: str) -> Mapping[str, Any]:
        """Make it; it is attached afterwards."""
        tags = ec2.tagged(self.THING.kind, self.tags(spec, outside))
        made = outside.aws.call("ec2", "create_internet_gateway", place, TagSpecifications=tags)
        found: Mapping[str, Any] = made["InternetGateway"]
        return found

    def settle(
        self, found: Mapping[str, Any], spec: InternetGatewaySpec, outside: Outside
    ) -> Mapping[str, Any]:
        """Attach it to the network, and to no other."""
        identity, place = found["InternetGatewayId"], self.place(outside, found["InternetGatewayId"])
        attached = _attached(found)
        if attached not in {None, spec.vpc_id}:
            outside.aws.call(
                "ec2", "detach_internet_gateway", place, InternetGatewayId=identity, VpcId=attached
            )
        if attached != spec.vpc_id:
            outside.aws.call(
                "ec2", "attach_internet_gateway", place, InternetGatewayId=identity, VpcId=spec.vpc_id
            )
        return found

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """What it is attached to."""
        del outside
        return {"vpcId": _attached(found) or ""}

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> InternetGatewayOutputs:
        """Its name."""
        name = f"internet-gateway/{found['InternetGatewayId']}"
        return InternetGatewayOutputs(arn=outside.aws.arn("ec2", name, account=found.get("OwnerId")))

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Detach and remove it."""
        aws, identity, attached = outside.aws, found["InternetGatewayId"], _attached(found)
        if attached is not None:
            aws.seek("ec2", "detach_internet_gateway", place, InternetGatewayId=identity, VpcId=attached)
        aws.seek("ec2", "delete_internet_gateway", place, InternetGatewayId=identity)

    def users(self, identity: str, outside: Outside) -> list[str]:
        """Public addresses in its network."""
        found = ec2.get(outside.aws, self.THING, identity)
        attached = None if found is None else _attached(found)
        return [] if attached is None else ec2.interfaces(outside.aws, "vpc-id", attached)


def _attached(found: Mapping[str, Any]) -> str | None:
    return next((each["VpcId"] for each in found.get("Attachments") or ()), None)
