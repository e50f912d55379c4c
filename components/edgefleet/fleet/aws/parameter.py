"""`Parameter` (`edgefleet:aws:Parameter`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class ParameterArgs(TypedDict):
    """Inputs of a Parameter."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Path, ``/retail/eu/hub/token``."""
    value: pulumi.Input[str]
    """The value; at most 4,096 bytes."""
    type: NotRequired[pulumi.Input[str] | None]
    """Encrypted or plain. One of: SecureString, String."""
    keyId: NotRequired[pulumi.Input[str] | None]
    """KMS key that encrypts it; the account's own for parameters where it is absent."""
    description: NotRequired[pulumi.Input[str] | None]
    """What it is for."""


class Parameter(pulumi.CustomResource):
    """A value in the Parameter Store (Systems Manager API, PutParameter)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    version: pulumi.Output[int]
    """Counts up with each value."""

    def __init__(self, name: str, args: ParameterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Parameter", name, {"arn": None, "version": None, **args}, opts)
