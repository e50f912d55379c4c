"""`Bucket` (`edgefleet:aws:Bucket`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class BucketArgs(TypedDict):
    """Inputs of a Bucket."""

    name: pulumi.Input[str]
    """Name of the bucket; S3's names are global."""
    versioning: NotRequired[pulumi.Input[bool] | None]
    """Keep earlier versions of objects."""
    forceDestroy: NotRequired[pulumi.Input[bool] | None]
    """Remove the bucket even with objects in it, and every version of them."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside ``managed-by: edgefleet``."""


class Bucket(pulumi.CustomResource):
    """A bucket with public access blocked, encryption on and, unless told otherwise, versions kept."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    region: pulumi.Output[str]
    """Region that it is in."""
    encryption: pulumi.Output[str]
    """How objects are encrypted at rest: ``AES256``."""
    publicAccessBlocked: pulumi.Output[bool]
    """Whether all four of S3's blocks on public access are on."""

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            "edgefleet:aws:Bucket",
            name,
            {"arn": None, "region": None, "encryption": None, "publicAccessBlocked": None, **args},
            opts,
        )
