"""`Listener` (`edgefleet:aws:Listener`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class ListenerArgs(TypedDict):
    """Inputs of a Listener."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    loadBalancer: pulumi.Input[str]
    """ARN of the load balancer."""
    port: pulumi.Input[int]
    """Port that it listens on."""
    targetGroup: pulumi.Input[str]
    """ARN of the target group that it sends to."""
    protocol: NotRequired[pulumi.Input[str] | None]
    """What it takes. One of: TCP, UDP, TCP_UDP."""


class Listener(pulumi.CustomResource):
    """A port of a load balancer (Elastic Load Balancing API, CreateListener)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: ListenerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Listener", name, {"arn": None, **args}, opts)
