"""`Policy` (`edgefleet:aws:Policy`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi


class PolicyArgs(TypedDict):
    """Inputs of a Policy."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name, unique in the account."""
    document: pulumi.Input[Mapping[str, pulumi.Input[Any]]]
    """Policy document."""
    description: NotRequired[pulumi.Input[str] | None]
    """What it is for; AWS lets nobody change it."""
    path: NotRequired[pulumi.Input[str] | None]
    """Path of the name."""


class Policy(pulumi.CustomResource):
    """Permissions that several roles share (IAM API, CreatePolicy)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: PolicyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Policy", name, {"arn": None, **args}, opts)
