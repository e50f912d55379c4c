"""`NatGateway` (`edgefleet:aws:NatGateway`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class NatGatewayArgs(TypedDict):
    """Inputs of a NatGateway."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    subnetId: pulumi.Input[str]
    """Id of the subnet that it stands in: a public one, for a public gateway."""
    allocationId: NotRequired[pulumi.Input[str] | None]
    """Id of the elastic address that it has; a private gateway has none."""
    connectivity: NotRequired[pulumi.Input[str] | None]
    """``public`` leads to the Internet, ``private`` to other networks. One of: public, private."""


class NatGateway(pulumi.CustomResource):
    """How machines without public addresses reach the outside (EC2 API, CreateNatGateway)."""

    privateIp: pulumi.Output[str]
    """Its address inside."""
    publicIp: pulumi.Output[str]
    """Its address outside; none of a private one."""

    def __init__(self, name: str, args: NatGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            "edgefleet:aws:NatGateway", name, {"privateIp": None, "publicIp": None, **args}, opts
        )
