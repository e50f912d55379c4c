"""`Role` (`edgefleet:aws:Role`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi


class RoleArgs(TypedDict):
    """Inputs of a Role."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name, unique in the account."""
    assumePolicy: pulumi.Input[Mapping[str, pulumi.Input[Any]]]
    """Policy document that says who may take the role."""
    policies: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[Mapping[str, pulumi.Input[Any]]]]] | None]
    """dict[name -> policy document] of what it may do."""
    managedPolicies: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """ARNs of policies beside these."""
    description: NotRequired[pulumi.Input[str] | None]
    """What it is for."""
    path: NotRequired[pulumi.Input[str] | None]
    """Path of the name."""
    boundary: NotRequired[pulumi.Input[str] | None]
    """ARN of the policy that bounds what it may do."""
    sessionSeconds: NotRequired[pulumi.Input[int] | None]
    """Seconds of a session at most."""


class Role(pulumi.CustomResource):
    """What a machine or service may do (IAM API, CreateRole)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Role", name, {"arn": None, **args}, opts)
