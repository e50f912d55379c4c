"""`ElasticIp` (`edgefleet:aws:ElasticIp`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class ElasticIpArgs(TypedDict):
    """Inputs of an ElasticIp."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""


class ElasticIp(pulumi.CustomResource):
    """A public IPv4 address that stays (EC2 API, AllocateAddress)."""

    publicIp: pulumi.Output[str]
    """The address."""

    def __init__(self, name: str, args: ElasticIpArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:ElasticIp", name, {"publicIp": None, **args}, opts)
