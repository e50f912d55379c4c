"""`ServerSet` (`edgefleet:aws:ServerSet`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi


class ServerUserData(TypedDict):
    """First-boot configuration of a server, by how its etcd begins; without secrets."""

    init: pulumi.Input[str]
    """Of the first server."""
    join: pulumi.Input[str]
    """Of each other one."""
    restore: NotRequired[pulumi.Input[str] | None]
    """Of the first one of a hub that begins from a snapshot."""


class ServerVolume(TypedDict):
    """The encrypted disk of each server."""

    size: NotRequired[pulumi.Input[int] | None]
    """GiB."""
    type: NotRequired[pulumi.Input[str] | None]
    """Kind of disk. One of: gp3, io2."""
    iops: NotRequired[pulumi.Input[int] | None]
    """Operations a second; the kind's own base where it is absent."""
    keyArn: NotRequired[pulumi.Input[str] | None]
    """ARN of the KMS key; the account's own for disks where it is absent."""


class ServerSetArgs(TypedDict):
    """Inputs of a ServerSet."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name, unique in the account and region."""
    image: pulumi.Input[str]
    """Id of the machine image."""
    instanceType: pulumi.Input[str]
    """Type of each machine."""
    subnets: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of subnets, one a zone; server after server is put into the next one."""
    securityGroups: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of security groups."""
    instanceProfile: pulumi.Input[str]
    """Name of the instance profile by which servers fetch their secrets."""
    userData: pulumi.Input[ServerUserData]
    """First-boot configuration."""
    marker: pulumi.Input[str]
    """Name of the parameter that says that the cluster was begun once; made and removed with the set."""
    targetGroups: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """ARNs of target groups that servers are in."""
    servers: NotRequired[pulumi.Input[int] | None]
    """1, 3 or 5."""
    rollOn: NotRequired[pulumi.Input[str] | None]
    """Servers are replaced when this changes; when `user_data.join` does, where it is absent."""
    k3sVersion: NotRequired[pulumi.Input[str] | None]
    """Release that servers run; a change is checked for skew and rolls nothing: a Plan upgrades them."""
    volume: NotRequired[pulumi.Input[ServerVolume] | None]
    """The disk of each."""
    joinSeconds: NotRequired[pulumi.Input[int] | None]
    """Seconds that a server may take to join."""


class ServerSet(pulumi.CustomResource):
    """The hub's servers: machines with embedded etcd, over several zones."""

    config: pulumi.Output[str]
    """Digest of what servers are made of."""
    state: pulumi.Output[str]
    """``complete`` where each place has one running server as asked for; else ``incomplete``."""
    members: pulumi.Output[list[dict[str, Any]]]
    """The servers, by place."""

    def __init__(self, name: str, args: ServerSetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            "edgefleet:aws:ServerSet", name, {"config": None, "state": None, "members": None, **args}, opts
        )
