"""The provider as a class of a Pulumi program; written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

class AssumedRole(TypedDict):
    """A role to assume (STS API, AssumeRole)."""

    roleArn: pulumi.Input[str]
    """ARN of the role."""
    externalId: NotRequired[pulumi.Input[str] | None]
    """External ID that the role's trust policy requires."""
    sessionName: NotRequired[pulumi.Input[str] | None]
    """Name of the session in CloudTrail. By default it is edgefleet."""

class DefaultTags(TypedDict):
    """Tags of each resource that can have some."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags; a resource's own tag of the same key comes first."""

class IgnoredTags(TypedDict):
    """Tags that others manage: they are never read, changed or removed."""

    keys: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Keys."""
    keyPrefixes: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Beginnings of keys."""

class ProviderArgs(TypedDict):
    """Configuration of an edgefleet provider; credentials come from AWS's standard environment and files."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region, eu-central-1. By default it is that of AWS_REGION, AWS_DEFAULT_REGION or the profile."""
    endpoint: NotRequired[pulumi.Input[str] | None]
    """`emulated` for the emulated cloud on this machine, or an address. By default it is AWS itself."""
    profile: NotRequired[pulumi.Input[str] | None]
    """Profile in the AWS configuration of the user who runs edgefleet."""
    roleArn: NotRequired[pulumi.Input[str] | None]
    """Role to assume first."""
    externalId: NotRequired[pulumi.Input[str] | None]
    """External ID that the role's trust policy requires."""
    sessionName: NotRequired[pulumi.Input[str] | None]
    """Name of the role's session in CloudTrail. By default it is edgefleet."""
    assumeRoles: NotRequired[pulumi.Input[Sequence[pulumi.Input[AssumedRole]]] | None]
    """Roles to assume after it, each with the rights of the one before."""
    allowedAccountIds: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Accounts that may be changed; with credentials of another one nothing is called."""
    forbiddenAccountIds: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Accounts that may not be changed."""
    defaultTags: NotRequired[pulumi.Input[DefaultTags] | None]
    """Tags of each resource that can have some."""
    ignoreTags: NotRequired[pulumi.Input[IgnoredTags] | None]
    """Tags that others manage: they are never read, changed or removed."""
    holder: NotRequired[pulumi.Input[str] | None]
    """What tells apart two stacks of one name in one account: a digest made of the stack's secret."""

class Provider(pulumi.ProviderResource):
    """An explicit edgefleet provider."""

    settings: Mapping[str, Any]
    def __init__(
        self, name: str, args: ProviderArgs | None = None, opts: pulumi.ResourceOptions | None = None
    ) -> None: ...
