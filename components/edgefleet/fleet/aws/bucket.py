"""`Bucket` (`edgefleet:aws:Bucket`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi


class BucketRule(TypedDict):
    """When objects below a prefix are removed."""

    prefix: NotRequired[pulumi.Input[str] | None]
    """Beginning of their names; all where it is empty."""
    expireDays: NotRequired[pulumi.Input[int] | None]
    """Days after which they are removed; never where it is absent."""
    earlierDays: NotRequired[pulumi.Input[int] | None]
    """Days after which earlier versions are removed; never where it is absent."""
    partsDays: NotRequired[pulumi.Input[int] | None]
    """Days after which the parts of uploads that were never finished are removed."""


class BucketArgs(TypedDict):
    """Inputs of a Bucket."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name of the bucket; S3's names are global."""
    versioning: NotRequired[pulumi.Input[bool] | None]
    """Keep earlier versions of objects."""
    forceDestroy: NotRequired[pulumi.Input[bool] | None]
    """Remove the bucket even with objects in it, and every version of them."""
    encryption: NotRequired[pulumi.Input[str] | None]
    """How objects are encrypted at rest: with S3's own keys, or with one of KMS. One of: AES256, aws:kms."""
    keyArn: NotRequired[pulumi.Input[str] | None]
    """ARN of the KMS key; the account's own for S3 where it is absent."""
    lifecycle: NotRequired[pulumi.Input[Sequence[pulumi.Input[BucketRule]]] | None]
    """When objects are removed; never where there is none."""
    policy: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[Any]]] | None]
    """Policy document of the bucket; none where it is absent."""


class Bucket(pulumi.CustomResource):
    """A bucket with public access blocked, encryption on and, unless told otherwise, versions kept."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    region: pulumi.Output[str]
    """Region that it is in."""
    encryption: pulumi.Output[str]
    """How objects are encrypted at rest."""
    publicAccessBlocked: pulumi.Output[bool]
    """Whether all four of S3's blocks on public access are on."""

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            "edgefleet:aws:Bucket",
            name,
            {"arn": None, "region": None, "encryption": None, "publicAccessBlocked": None, **args},
            opts,
        )
