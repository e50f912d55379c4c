"""`KmsKey` (`edgefleet:aws:KmsKey`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi


class KmsKeyArgs(TypedDict):
    """Inputs of a KmsKey."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    alias: pulumi.Input[str]
    """Name without ``alias/``, ``retail-eu``; unique in the region."""
    description: NotRequired[pulumi.Input[str] | None]
    """What it is for."""
    rotation: NotRequired[pulumi.Input[bool] | None]
    """Renew its material every year; what was encrypted before stays readable."""
    policy: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[Any]]] | None]
    """Key policy; AWS's own, which leaves it to IAM, where it is absent."""
    deletionDays: NotRequired[pulumi.Input[int] | None]
    """Days from its removal until it is gone for good, 7 to 30."""


class KmsKey(pulumi.CustomResource):
    """A symmetric key (KMS API, CreateKey)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: KmsKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:KmsKey", name, {"arn": None, **args}, opts)
