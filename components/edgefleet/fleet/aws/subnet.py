"""`Subnet` (`edgefleet:aws:Subnet`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class SubnetArgs(TypedDict):
    """Inputs of a Subnet."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    vpcId: pulumi.Input[str]
    """Id of the network."""
    cidr: pulumi.Input[str]
    """IPv4 addresses inside the network's, ``10.0.1.0/24``; from /16 to /28."""
    zone: NotRequired[pulumi.Input[str] | None]
    """Availability zone, ``eu-central-1a``; AWS chooses where it is absent."""
    publicAddresses: NotRequired[pulumi.Input[bool] | None]
    """Give each instance a public address."""


class Subnet(pulumi.CustomResource):
    """A part of a network (EC2 API, CreateSubnet)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    availabilityZone: pulumi.Output[str]
    """Zone that it is in."""

    def __init__(self, name: str, args: SubnetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Subnet", name, {"arn": None, "availabilityZone": None, **args}, opts)
