"""`Crl` (`edgefleet:aws:Crl`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class CrlArgs(TypedDict):
    """Inputs of a Crl."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name."""
    trustAnchor: pulumi.Input[str]
    """ARN of the trust anchor whose certificates are meant."""
    data: pulumi.Input[str]
    """The list as PEM; none of it is secret."""
    enabled: NotRequired[pulumi.Input[bool] | None]
    """Whether it is in use; a list that is not revokes nothing."""


class Crl(pulumi.CustomResource):
    """A list of revoked certificates (IAM Roles Anywhere API, ImportCrl)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: CrlArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Crl", name, {"arn": None, **args}, opts)
