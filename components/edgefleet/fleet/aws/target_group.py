"""`TargetGroup` (`edgefleet:aws:TargetGroup`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class TargetGroupArgs(TypedDict):
    """Inputs of a TargetGroup."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name: 32 letters, digits and hyphens at most."""
    vpcId: pulumi.Input[str]
    """Id of the network."""
    port: pulumi.Input[int]
    """Port of the machines."""
    protocol: NotRequired[pulumi.Input[str] | None]
    """What it passes on. One of: TCP, TLS, UDP, TCP_UDP."""
    targetType: NotRequired[pulumi.Input[str] | None]
    """Whether targets are named by instance or address. One of: instance, ip."""
    healthInterval: NotRequired[pulumi.Input[int] | None]
    """Seconds between two checks."""
    healthyCount: NotRequired[pulumi.Input[int] | None]
    """Checks in a row that make a machine healthy, or unhealthy."""
    deregistrationDelay: NotRequired[pulumi.Input[int] | None]
    """Seconds that connections may go on after a machine left."""
    preserveClientIp: NotRequired[pulumi.Input[bool] | None]
    """Whether machines see the client's address; a machine cannot reach itself through it then."""


class TargetGroup(pulumi.CustomResource):
    """The machines that a load balancer sends to (Elastic Load Balancing API, CreateTargetGroup)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: TargetGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:TargetGroup", name, {"arn": None, **args}, opts)
