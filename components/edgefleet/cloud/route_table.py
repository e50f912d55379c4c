"""`edgefleet:aws:RouteTable`: where a subnet's packets go."""

from collections.abc import Iterable
from typing import Annotated

from edgefleet.cloud.base import ArnOutputs, Described, Ec2Resource, Ec2Tagged, Table
from edgefleet.cloud.base.constraints import (
    Cidr4,
    GatewayId,
    InterfaceId,
    NatId,
    PeeringId,
    SubnetId,
    TransitId,
    VpcId,
)
from edgefleet.cloud.base.quotas import at_most
from edgefleet.errors import Problem
from edgefleet.io.ec2 import Ec2Kind
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import EC2
from edgefleet.model.paths import format_path
from edgefleet.model.spec import Unordered, spec, to_plain
from edgefleet.model.unknown import is_known, known_items

TARGETS = {
    "gateway_id": "GatewayId",
    "nat_gateway_id": "NatGatewayId",
    "network_interface_id": "NetworkInterfaceId",
    "peering_id": "VpcPeeringConnectionId",
    "transit_gateway_id": "TransitGatewayId",
}
"""dict[field -> the API's name] of what a route can lead to."""


@spec
class Route:
    """One route: a destination and what leads there."""

    cidr: Cidr4
    """IPv4 destination, ``0.0.0.0/0`` for all others."""
    gateway_id: GatewayId | None = None
    """Id of an Internet gateway or a virtual private gateway."""
    nat_gateway_id: NatId | None = None
    """Id of a NAT gateway."""
    network_interface_id: InterfaceId | None = None
    """Id of a machine's network interface."""
    peering_id: PeeringId | None = None
    """Id of a peering with another network."""
    transit_gateway_id: TransitId | None = None
    """Id of a transit gateway."""


@spec
class RouteTableSpec(Ec2Tagged):
    """Where a subnet's packets go (EC2 API, CreateRouteTable); the network's own route is always there."""

    vpc_id: VpcId
    """Id of the network."""
    routes: Annotated[tuple[Route, ...], Unordered(), at_most("routes of a route table")] = ()
    """Routes in addition to the network's own; undeclared ones are removed."""
    subnets: Annotated[tuple[SubnetId, ...], Unordered()] = ()
    """Ids of the subnets that use it."""


class RouteTable(Ec2Resource, spec=RouteTableSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"vpcId"})
    KIND = Ec2Kind("route-table", "describe_route_tables", "RouteTables", "RouteTableId", "route-table-id")
    TABLE = Table(
        create="create_route_table",
        delete="delete_route_table",
        answer="RouteTable",
        key="RouteTableId",
        fields={"vpcId": "VpcId"},
        settings={
            "routes": lambda current: [
                to_plain(route) for route in sorted(_routes(current).values(), key=repr)
            ],
            "subnets": lambda current: sorted(_associations(current)),
        },
    )

    def inspect(self, spec: RouteTableSpec) -> Iterable[Problem]:
        """Routes that lead nowhere or twice."""
        yield from super().inspect(spec)
        seen: set[str] = set()
        for index, route in known_items(spec.routes):
            path = format_path(("routes", index))
            count = sum(getattr(route, name) is not None for name in TARGETS)
            if count != 1:
                hint = "give one, such as natGatewayId"
                yield Problem(code="target", path=path, problem=f"leads to {count} targets", hint=hint)
            if is_known(route.cidr) and route.cidr in seen:
                hint = "remove one of the two"
                yield Problem(code="twice", path=path, problem=f"{route.cidr} has a route", hint=hint)
            seen.add(route.cidr)

    def settle(self, current: Described, spec: RouteTableSpec, environment: Environment) -> Described:
        """Set its routes and subnets."""
        live, declared = _routes(current), {route.cidr: route for route in spec.routes}
        for cidr in sorted(set(live) - set(declared)):
            self.seek(current, environment, "delete_route", DestinationCidrBlock=cidr)
        for cidr, route in declared.items():
            if live.get(cidr) != route:
                method = "replace_route" if cidr in live else "create_route"
                target = {key: getattr(route, name) for name, key in TARGETS.items()}
                self.call(current, environment, method, DestinationCidrBlock=cidr, **target)
        associations = _associations(current)
        self._release(current, environment, set(associations) - set(spec.subnets))
        for subnet in spec.subnets:
            if subnet not in associations:
                self._take(current, environment, subnet)
        return current

    def remove(self, current: Described, environment: Environment) -> None:
        """Let its subnets go, then remove it."""
        self._release(current, environment, _associations(current))
        super().remove(current, environment)

    def _take(self, current: Described, environment: Environment, subnet: str) -> None:
        """Associate a subnet; from another table of the stack it moves in one call: it cannot be in two."""
        filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
        place, owner = self.place(environment, self.id_of(current)), environment.owner
        answer = environment.aws.call("ec2", self.KIND.describe, place, Filters=filters)
        held = [
            _associations(table)[subnet]
            for table in answer[self.KIND.answer]
            if owner and owner.is_of_stack(EC2.parsed(table.get("Tags")))
        ]
        if held:
            about = {"AssociationId": held[0]}
            self.call(current, environment, "replace_route_table_association", **about)
        else:
            self.call(current, environment, "associate_route_table", SubnetId=subnet)

    def _release(self, current: Described, environment: Environment, subnets: Iterable[str]) -> None:
        associations, place = _associations(current), self.place(environment, self.id_of(current))
        for subnet in sorted(subnets):
            about = {"AssociationId": associations[subnet]}
            environment.aws.seek("ec2", "disassociate_route_table", place, **about)


def _routes(current: Described) -> dict[str, Route]:
    """dict[destination -> route], without the network's own and those that a gateway propagates."""
    return {
        route["DestinationCidrBlock"]: Route(
            cidr=route["DestinationCidrBlock"], **{name: route.get(key) for name, key in TARGETS.items()}
        )
        for route in current.get("Routes") or ()
        if route.get("DestinationCidrBlock")
        and route.get("GatewayId") != "local"
        and route.get("Origin", "CreateRoute") == "CreateRoute"
    }


def _associations(current: Described) -> dict[str, str]:
    """dict[subnet -> id of its association]."""
    return {
        link["SubnetId"]: link["RouteTableAssociationId"]
        for link in current.get("Associations") or ()
        if link.get("SubnetId") and link.get("AssociationState", {}).get("State") != "disassociated"
    }
