"""`Bucket`: a private, encrypted, versioned bucket (`edgefleet:aws:Bucket`)."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi

from edgefleet.fleet import tokens


class BucketArgs(TypedDict):
    """Inputs of a bucket; `edgefleet.cloud.bucket.Spec` says what each means."""

    name: pulumi.Input[str]
    versioning: NotRequired[pulumi.Input[bool]]
    forceDestroy: NotRequired[pulumi.Input[bool]]
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]


class Bucket(pulumi.CustomResource):
    """A bucket with public access blocked, encryption on and versions kept."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(tokens.BUCKET, name, {**args, "arn": None}, opts)
