"""`EksCluster` (`edgefleet:aws:EksCluster`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class EksClusterArgs(TypedDict):
    """Inputs of an EksCluster."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name, unique in the region."""
    version: pulumi.Input[str]
    """Kubernetes minor version, ``1.36``; raised one at a time."""
    role: pulumi.Input[str]
    """ARN of the role that EKS takes."""
    subnets: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of subnets in two zones at least."""
    securityGroups: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Ids of security groups beside EKS's own."""
    publicAccess: NotRequired[pulumi.Input[bool] | None]
    """Whether the API can be reached from outside of the network."""
    access: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Networks that may reach it from outside."""
    privateAccess: NotRequired[pulumi.Input[bool] | None]
    """Whether it can be reached from inside."""
    keyArn: NotRequired[pulumi.Input[str] | None]
    """ARN of the KMS key that encrypts secrets in etcd; EKS's own where it is absent."""
    logs: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Which logs are kept in CloudWatch."""


class EksCluster(pulumi.CustomResource):
    """A managed control plane (EKS API, CreateCluster); access is given by API entries alone."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    endpoint: pulumi.Output[str]
    """Address of its API."""
    certificateAuthority: pulumi.Output[str]
    """Certificate of its API, base64 of PEM."""

    def __init__(self, name: str, args: EksClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            "edgefleet:aws:EksCluster",
            name,
            {"arn": None, "endpoint": None, "certificateAuthority": None, **args},
            opts,
        )
