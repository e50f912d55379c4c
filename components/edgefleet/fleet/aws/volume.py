"""`Volume` (`edgefleet:aws:Volume`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class VolumeArgs(TypedDict):
    """Inputs of a Volume."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    zone: pulumi.Input[str]
    """Availability zone, ``eu-central-1a``."""
    size: pulumi.Input[int]
    """GiB; it can grow and not shrink."""
    type: NotRequired[pulumi.Input[str] | None]
    """Kind of disk. One of: gp3, io2, st1."""
    iops: NotRequired[pulumi.Input[int] | None]
    """Operations a second; the kind's own base where it is absent."""
    throughput: NotRequired[pulumi.Input[int] | None]
    """MiB a second of a gp3 disk; its base where it is absent."""
    keyArn: NotRequired[pulumi.Input[str] | None]
    """ARN of the KMS key; the account's own for disks where it is absent."""
    snapshot: NotRequired[pulumi.Input[str] | None]
    """Id of the snapshot that it is made from."""


class Volume(pulumi.CustomResource):
    """A disk (EC2 API, CreateVolume); always encrypted."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: VolumeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Volume", name, {"arn": None, **args}, opts)
