"""`edgefleet:aws:RouteTable`: where a subnet's packets go."""

from collections.abc import Iterable
from typing import Annotated, Any

from edgefleet.cloud.base import ArnOutputs, Described, Ec2Resource, Table, Tagged
from edgefleet.errors import Problem
from edgefleet.io.ec2 import Ec2Kind
from edgefleet.io.environment import Environment
from edgefleet.model.paths import format_path
from edgefleet.model.spec import Unordered, spec, to_plain

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

    cidr: str
    """IPv4 destination, ``0.0.0.0/0`` for all others."""
    gateway_id: str | None = None
    """Id of an Internet gateway or a virtual private gateway."""
    nat_gateway_id: str | None = None
    """Id of a NAT gateway."""
    network_interface_id: str | None = None
    """Id of a machine's network interface."""
    peering_id: str | None = None
    """Id of a peering with another network."""
    transit_gateway_id: str | None = None
    """Id of a transit gateway."""


@spec
class RouteTableSpec(Tagged):
    """Where a subnet's packets go (EC2 API, CreateRouteTable); the network's own route is always there."""

    vpc_id: str
    """Id of the network."""
    routes: Annotated[tuple[Route, ...], Unordered()] = ()
    """Routes in addition to the network's own; undeclared ones are removed."""
    subnets: Annotated[tuple[str, ...], Unordered()] = ()
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
    )

    def inspect(self, spec: RouteTableSpec) -> Iterable[Problem]:
        """Routes that lead nowhere or twice."""
        yield from super().inspect(spec)
        seen: set[str] = set()
        for index, route in enumerate(spec.routes):
            path = format_path(("routes", index))
            count = sum(getattr(route, name) is not None for name in TARGETS)
            if count != 1:
                hint = "give one, such as natGatewayId"
                yield Problem(code="target", path=path, problem=f"leads to {count} targets", hint=hint)
            if route.cidr in seen:
                hint = "remove one of the two"
                yield Problem(code="twice", path=path, problem=f"{route.cidr} has a route", hint=hint)
            seen.add(route.cidr)

    def settle(self, current: Described, spec: RouteTableSpec, environment: Environment) -> Described:
        """Set its routes and subnets."""
        self._set_routes(current, spec, environment)
        self._set_subnets(current, spec, environment)
        return current

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its routes and subnets."""
        routes = sorted(_routes(current).values(), key=repr)
        return {
            **super().inputs(current, environment),
            "routes": [to_plain(route) for route in routes],
            "subnets": sorted(_associations(current)),
        }

    def remove(self, current: Described, environment: Environment, place: str) -> None:
        """Let its subnets go, then remove it."""
        for association in _associations(current).values():
            environment.aws.seek("ec2", "disassociate_route_table", place, AssociationId=association)
        super().remove(current, environment, place)

    def _set_routes(self, current: Described, spec: RouteTableSpec, environment: Environment) -> None:
        identity = current["RouteTableId"]
        place, live = self.place(environment, identity), _routes(current)
        wanted = {route.cidr: route for route in spec.routes}
        for cidr in sorted(set(live) - set(wanted)):
            environment.aws.seek(
                "ec2", "delete_route", place, RouteTableId=identity, DestinationCidrBlock=cidr
            )
        for cidr, route in wanted.items():
            if live.get(cidr) != route:
                method = "replace_route" if cidr in live else "create_route"
                target = {key: getattr(route, name) for name, key in TARGETS.items()}
                environment.aws.call(
                    "ec2", method, place, RouteTableId=identity, DestinationCidrBlock=cidr, **target
                )

    def _set_subnets(self, current: Described, spec: RouteTableSpec, environment: Environment) -> None:
        identity, live = current["RouteTableId"], _associations(current)
        place = self.place(environment, identity)
        for subnet in sorted(set(live) - set(spec.subnets)):
            environment.aws.seek("ec2", "disassociate_route_table", place, AssociationId=live[subnet])
        for subnet in spec.subnets:
            if subnet not in live:
                environment.aws.call(
                    "ec2", "associate_route_table", place, RouteTableId=identity, SubnetId=subnet
                )


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
