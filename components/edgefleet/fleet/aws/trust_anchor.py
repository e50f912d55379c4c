"""`TrustAnchor` (`edgefleet:aws:TrustAnchor`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class TrustAnchorArgs(TypedDict):
    """Inputs of a TrustAnchor."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name."""
    certificates: pulumi.Input[str]
    """The authority's certificate as PEM; none of it is secret."""
    enabled: NotRequired[pulumi.Input[bool] | None]
    """Whether it is in use."""


class TrustAnchor(pulumi.CustomResource):
    """An authority whose certificates are believed (IAM Roles Anywhere API, CreateTrustAnchor)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: TrustAnchorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:TrustAnchor", name, {"arn": None, **args}, opts)
