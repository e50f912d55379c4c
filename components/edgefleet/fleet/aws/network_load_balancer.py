"""`NetworkLoadBalancer` (`edgefleet:aws:NetworkLoadBalancer`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class NetworkLoadBalancerArgs(TypedDict):
    """Inputs of a NetworkLoadBalancer."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name: 32 letters, digits and hyphens at most."""
    subnets: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of subnets, one a zone."""
    securityGroups: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Ids of security groups; one that was made without cannot be given any."""
    internal: NotRequired[pulumi.Input[bool] | None]
    """Whether it has addresses inside only."""
    crossZone: NotRequired[pulumi.Input[bool] | None]
    """Whether each of its nodes sends to machines of all zones."""
    deletionProtection: NotRequired[pulumi.Input[bool] | None]
    """Whether AWS refuses to remove it."""


class NetworkLoadBalancer(pulumi.CustomResource):
    """One address for several machines (Elastic Load Balancing API, CreateLoadBalancer)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    dnsName: pulumi.Output[str]
    """Its name, for a record to point at."""
    zoneId: pulumi.Output[str]
    """Hosted zone of its name, for an alias record."""

    def __init__(
        self, name: str, args: NetworkLoadBalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            "edgefleet:aws:NetworkLoadBalancer",
            name,
            {"arn": None, "dnsName": None, "zoneId": None, **args},
            opts,
        )
