"""`Repository` (`edgefleet:aws:Repository`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class RepositoryArgs(TypedDict):
    """Inputs of a Repository."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name, ``retail/till``."""
    immutable: NotRequired[pulumi.Input[bool] | None]
    """A tag that was pushed keeps its image."""
    scanOnPush: NotRequired[pulumi.Input[bool] | None]
    """Look for known weaknesses in what is pushed."""
    keepImages: NotRequired[pulumi.Input[int] | None]
    """Images that are kept, the newest; all where it is absent."""
    forceDelete: NotRequired[pulumi.Input[bool] | None]
    """Remove it even with images in it."""


class Repository(pulumi.CustomResource):
    """A repository of container images (ECR API, CreateRepository)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    uri: pulumi.Output[str]
    """What images are called that are in it, without their tag."""

    def __init__(self, name: str, args: RepositoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Repository", name, {"arn": None, "uri": None, **args}, opts)
