"""`RouteTable` (`edgefleet:aws:RouteTable`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class Route(TypedDict):
    """One route: a destination and what leads there."""

    cidr: pulumi.Input[str]
    """IPv4 destination, ``0.0.0.0/0`` for all others."""
    gatewayId: NotRequired[pulumi.Input[str] | None]
    """Id of an Internet gateway or a virtual private gateway."""
    natGatewayId: NotRequired[pulumi.Input[str] | None]
    """Id of a NAT gateway."""
    networkInterfaceId: NotRequired[pulumi.Input[str] | None]
    """Id of a machine's network interface."""
    peeringId: NotRequired[pulumi.Input[str] | None]
    """Id of a peering with another network."""
    transitGatewayId: NotRequired[pulumi.Input[str] | None]
    """Id of a transit gateway."""


class RouteTableArgs(TypedDict):
    """Inputs of a RouteTable."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    vpcId: pulumi.Input[str]
    """Id of the network."""
    routes: NotRequired[pulumi.Input[Sequence[pulumi.Input[Route]]] | None]
    """Routes beside the network's own; one that somebody else added is taken away."""
    subnets: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Ids of the subnets that use it."""


class RouteTable(pulumi.CustomResource):
    """Where a subnet's packets go (EC2 API, CreateRouteTable); the network's own route is always there."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: RouteTableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:RouteTable", name, {"arn": None, **args}, opts)
