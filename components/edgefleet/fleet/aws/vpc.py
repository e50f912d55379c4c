"""`Vpc` (`edgefleet:aws:Vpc`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class VpcArgs(TypedDict):
    """Inputs of a Vpc."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    cidr: pulumi.Input[str]
    """IPv4 addresses, ``10.0.0.0/16``; from /16 to /28."""
    enableDnsSupport: NotRequired[pulumi.Input[bool] | None]
    """Answer DNS inside at the network's own resolver."""
    enableDnsHostnames: NotRequired[pulumi.Input[bool] | None]
    """Give instances with public addresses names; private hosted zones need it."""


class Vpc(pulumi.CustomResource):
    """A virtual network (EC2 API, CreateVpc)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Vpc", name, {"arn": None, **args}, opts)
