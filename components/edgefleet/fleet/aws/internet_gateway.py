"""`InternetGateway` (`edgefleet:aws:InternetGateway`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class InternetGatewayArgs(TypedDict):
    """Inputs of an InternetGateway."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    vpcId: pulumi.Input[str]
    """Id of the network that it is attached to; a network has one at most."""


class InternetGateway(pulumi.CustomResource):
    """A network's door to the Internet (EC2 API, CreateInternetGateway)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(
        self, name: str, args: InternetGatewayArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("edgefleet:aws:InternetGateway", name, {"arn": None, **args}, opts)
