"""`edgefleet:aws:NatGateway`: how machines without public addresses reach the outside."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from edgefleet.cloud.base import Described, Ec2Resource, Ec2Tagged, Readiness, Table
from edgefleet.cloud.base.constraints import AddressId, SubnetId
from edgefleet.errors import Problem
from edgefleet.io.ec2 import Ec2Kind
from edgefleet.io.environment import Environment
from edgefleet.model.spec import spec
from edgefleet.model.unknown import is_known


@spec
class NatGatewaySpec(Ec2Tagged):
    """How machines without public addresses reach the outside (EC2 API, CreateNatGateway)."""

    subnet_id: SubnetId
    """Id of the subnet that it stands in: a public one, for a public gateway."""
    allocation_id: AddressId | None = None
    """Id of the elastic address that it has; a private gateway has none."""
    connectivity: Literal["public", "private"] = "public"
    """``public`` leads to the Internet, ``private`` to other networks."""


@spec
class NatGatewayOutputs:
    """What is known of a NAT gateway."""

    private_ip: str
    """Its address inside."""
    public_ip: str | None
    """Its address outside; none of a private one."""


def _address(current: Described) -> Mapping[str, Any]:
    return next(iter(current.get("NatGatewayAddresses") or [{}]))


class NatGateway(Ec2Resource, spec=NatGatewaySpec, outputs=NatGatewayOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"subnetId", "allocationId", "connectivity"})
    CLAIMS = ("allocationId",)
    ENDS_LATE = True  # its address is free only then
    KIND = Ec2Kind("natgateway", "describe_nat_gateways", "NatGateways", "NatGatewayId", "nat-gateway-id")
    TABLE = Table(
        create="create_nat_gateway",
        delete="delete_nat_gateway",
        answer="NatGateway",
        key="NatGatewayId",
        fields={"subnetId": "SubnetId", "allocationId": "AllocationId", "connectivity": "ConnectivityType"},
        settings={"allocationId": lambda current: _address(current).get("AllocationId")},
        outputs={
            "private_ip": lambda current: _address(current).get("PrivateIp", ""),
            "public_ip": lambda current: _address(current).get("PublicIp"),
        },
        readiness=Readiness(
            at="State",
            good="available",
            bad=frozenset({"failed"}),
            reason=lambda current: current.get("FailureMessage"),
            hint="fix that, remove it in AWS's console, refresh and run up again",
        ),
    )

    def inspect(self, spec: NatGatewaySpec) -> Iterable[Problem]:
        """A public one without an address, or a private one with one."""
        yield from super().inspect(spec)
        if is_known(spec.connectivity) and (spec.connectivity == "public") != (
            spec.allocation_id is not None
        ):
            hint = "give a public gateway the id of an ElasticIp, a private one none"
            problem = f"does not go with a {spec.connectivity} gateway"
            yield Problem(code="address", path="allocationId", problem=problem, hint=hint)

    def look(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """Its description, also if it failed; EC2 describes it for a while after its deletion."""
        place = self.place(environment, identity)
        answer = environment.aws.seek("ec2", self.KIND.describe, place, NatGatewayIds=[identity]) or {}
        current = next(iter(answer.get("NatGateways", ())), None)
        return None if current is None or current["State"] == "deleted" else dict(current)
