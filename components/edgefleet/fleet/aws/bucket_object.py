"""`BucketObject` (`edgefleet:aws:BucketObject`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class BucketObjectArgs(TypedDict):
    """Inputs of a BucketObject."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    bucket: pulumi.Input[str]
    """Name of the bucket."""
    key: pulumi.Input[str]
    """Name of the object in it."""
    content: NotRequired[pulumi.Input[str] | None]
    """Its text."""
    contentBase64: NotRequired[pulumi.Input[str] | None]
    """Its bytes."""
    source: NotRequired[pulumi.Input[str] | None]
    """Path of a file in the project; give `source_sha256` with it, so that a change of the file is seen."""
    sourceSha256: NotRequired[pulumi.Input[str] | None]
    """SHA-256 of that file in hexadecimal."""
    contentType: NotRequired[pulumi.Input[str] | None]
    """Media type."""
    cacheControl: NotRequired[pulumi.Input[str] | None]
    """How long others may keep it, as HTTP says it."""
    metadata: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """dict[name in lower case -> value] beside the ones that say whose it is."""


class BucketObject(pulumi.CustomResource):
    """A file in a bucket (S3 API, PutObject); of `content`, `content_base64` and `source` one is given."""

    sha256: pulumi.Output[str]
    """SHA-256 of what is there, in hexadecimal; null where somebody else wrote it."""
    uri: pulumi.Output[str]
    """``s3://<bucket>/<key>``."""

    def __init__(self, name: str, args: BucketObjectArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:BucketObject", name, {"sha256": None, "uri": None, **args}, opts)
