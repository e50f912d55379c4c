"""`edgefleet:aws:NatGateway`: how machines without public addresses reach the outside."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from edgefleet.cloud.base import Ec2Resource, Tagged
from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io import ec2
from edgefleet.io.environment import Outside
from edgefleet.io.waiting import until
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec


@spec
class NatGatewaySpec(Tagged):
    """How machines without public addresses reach the outside (EC2 API, CreateNatGateway)."""

    subnet_id: Annotated[str, Effect.NONE]
    """Id of the subnet that it stands in: a public one, for a public gateway."""
    allocation_id: Annotated[str | None, Effect.NONE] = None
    """Id of the elastic address that it has; a private gateway has none."""
    connectivity: Annotated[Literal["public", "private"], Effect.NONE] = "public"
    """``public`` leads to the Internet, ``private`` to other networks."""


@spec
class NatGatewayOutputs:
    """What is known of a NAT gateway."""

    private_ip: str
    """Its address inside."""
    public_ip: str | None
    """Its address outside; none of a private one."""


class NatGateway(Ec2Resource):
    """The kind."""

    TOKEN = "edgefleet:aws:NatGateway"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = NatGatewaySpec
    Outputs: ClassVar[type[Any]] = NatGatewayOutputs
    REPLACE_ON = frozenset({"subnetId", "allocationId", "connectivity"})
    CLAIMS = ("allocationId",)
    THING = ec2.Thing("natgateway", "describe_nat_gateways", "NatGateways", "NatGatewayId", "nat-gateway-id")

    def inspect(self, spec: NatGatewaySpec) -> Iterable[Problem]:
        """A public one without an address, or a private one with one."""
        yield from super().inspect(spec)
        if (spec.connectivity == "public") != (spec.allocation_id is not None):
            hint = "give a public gateway the id of an ElasticIp, a private one none"
            problem = f"does not go with a {spec.connectivity} gateway"
            yield Problem(code="address", path="allocationId", problem=problem, hint=hint)

    def make(self, spec: NatGatewaySpec, outside: Outside, place: str) -> Mapping[str, Any]:
        """Make it."""
        made = outside.aws.call(
            "ec2",
            "create_nat_gateway",
            place,
            SubnetId=spec.subnet_id,
            AllocationId=spec.allocation_id,
            ConnectivityType=spec.connectivity,
            TagSpecifications=ec2.tagged(self.THING.kind, self.tags(spec, outside)),
        )
        found: Mapping[str, Any] = made["NatGateway"]
        return found

    def settle(self, found: Mapping[str, Any], spec: NatGatewaySpec, outside: Outside) -> Mapping[str, Any]:
        """Wait until it is there; routes to it lead nowhere before."""
        del spec
        identity = found["NatGatewayId"]
        if found.get("State") == "available":
            return found
        place = self.place(outside, identity)
        return until(lambda: self._available(identity, outside), outside.clock, what=f"{place}: available")

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Where it stands."""
        del outside
        return {
            "subnetId": found["SubnetId"],
            "allocationId": _address(found).get("AllocationId"),
            "connectivity": found.get("ConnectivityType", "public"),
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> NatGatewayOutputs:
        """Its addresses."""
        del outside
        address = _address(found)
        return NatGatewayOutputs(private_ip=address.get("PrivateIp", ""), public_ip=address.get("PublicIp"))

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it, and wait until its address is free."""
        identity = found["NatGatewayId"]
        outside.aws.seek("ec2", "delete_nat_gateway", place, NatGatewayId=identity)
        until(lambda: self._gone(identity, outside), outside.clock, what=f"{place}: deleted")

    def _described(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        place = self.place(outside, identity)
        found = outside.aws.seek("ec2", self.THING.describe, place, NatGatewayIds=[identity])
        listed: list[dict[str, Any]] = (found or {}).get("NatGateways", [])
        return listed[0] if listed else None

    def _available(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        found = self._described(identity, outside) or {}
        if found.get("State") == "failed":
            problem = f"could not be made: {found.get('FailureMessage', 'AWS does not say why')}"
            hint = "mend that, remove it in AWS's console, refresh and run up again"
            place = self.place(outside, identity)
            raise OutsideFailure(Problem(code="failed", where=place, problem=problem, hint=hint))
        return found if found.get("State") == "available" else None

    def _gone(self, identity: str, outside: Outside) -> bool | None:
        found = self._described(identity, outside)
        return True if found is None or found["State"] == "deleted" else None


def _address(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(found.get("NatGatewayAddresses") or [{}]))
