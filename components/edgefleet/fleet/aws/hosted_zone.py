"""`HostedZone` (`edgefleet:aws:HostedZone`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class HostedZoneArgs(TypedDict):
    """Inputs of a HostedZone."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Domain, ``hub.example.org``."""
    vpcs: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Ids of the networks that see it; everybody does where there is none."""
    vpcRegion: NotRequired[pulumi.Input[str] | None]
    """Region of those networks; the provider's where it is absent."""
    comment: NotRequired[pulumi.Input[str] | None]
    """What it is for."""


class HostedZone(pulumi.CustomResource):
    """A domain of Route 53 (Route 53 API, CreateHostedZone)."""

    nameServers: pulumi.Output[list[str]]
    """Its name servers; a private one has none."""

    def __init__(self, name: str, args: HostedZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:HostedZone", name, {"nameServers": None, **args}, opts)
