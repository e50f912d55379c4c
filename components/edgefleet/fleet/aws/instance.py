"""`Instance` (`edgefleet:aws:Instance`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class InstanceArgs(TypedDict):
    """Inputs of an Instance."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    image: pulumi.Input[str]
    """Id of the machine image."""
    instanceType: pulumi.Input[str]
    """Type, ``t3.micro``; changed by stopping and starting it."""
    subnetId: pulumi.Input[str]
    """Id of the subnet."""
    securityGroups: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Ids of security groups; the network's default where there is none."""
    instanceProfile: NotRequired[pulumi.Input[str] | None]
    """Name of the instance profile."""
    keyName: NotRequired[pulumi.Input[str] | None]
    """Name of the key pair for SSH."""
    userData: NotRequired[pulumi.Input[str] | None]
    """First-boot configuration; at most 16,384 bytes, and without secrets: whoever is on it can read it."""
    diskSize: NotRequired[pulumi.Input[int] | None]
    """GiB of its disk."""
    diskType: NotRequired[pulumi.Input[str] | None]
    """Kind of its disk."""


class Instance(pulumi.CustomResource):
    """A machine (EC2 API, RunInstances): encrypted disk, metadata version 2 only with one hop."""

    privateIp: pulumi.Output[str]
    """Its address inside."""
    publicIp: pulumi.Output[str]
    """Its address outside, where it has one."""
    zone: pulumi.Output[str]
    """Its availability zone."""
    state: pulumi.Output[str]
    """``running`` where all is well."""

    def __init__(self, name: str, args: InstanceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            "edgefleet:aws:Instance",
            name,
            {"privateIp": None, "publicIp": None, "zone": None, "state": None, **args},
            opts,
        )
