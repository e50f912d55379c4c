"""`NodeGroup` (`edgefleet:aws:NodeGroup`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class NodeGroupArgs(TypedDict):
    """Inputs of a NodeGroup."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    cluster: pulumi.Input[str]
    """Name of the cluster."""
    name: pulumi.Input[str]
    """Name, unique in the cluster."""
    role: pulumi.Input[str]
    """ARN of the role that the machines have."""
    subnets: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of the subnets that they are in."""
    instanceTypes: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Types that they may have."""
    amiType: NotRequired[pulumi.Input[str] | None]
    """Kind of machine image."""
    diskSize: NotRequired[pulumi.Input[int] | None]
    """GiB of each disk."""
    least: NotRequired[pulumi.Input[int] | None]
    """Least machines."""
    most: NotRequired[pulumi.Input[int] | None]
    """Most machines."""
    wanted: NotRequired[pulumi.Input[int] | None]
    """Machines to begin with."""
    labels: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Labels of the nodes."""


class NodeGroup(pulumi.CustomResource):
    """Machines of a managed cluster (EKS API, CreateNodegroup)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: NodeGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:NodeGroup", name, {"arn": None, **args}, opts)
