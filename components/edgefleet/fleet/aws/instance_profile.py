"""`InstanceProfile` (`edgefleet:aws:InstanceProfile`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class InstanceProfileArgs(TypedDict):
    """Inputs of an InstanceProfile."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name, unique in the account."""
    role: pulumi.Input[str]
    """Name of the role."""


class InstanceProfile(pulumi.CustomResource):
    """How a machine gets a role (IAM API, CreateInstanceProfile)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(
        self, name: str, args: InstanceProfileArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("edgefleet:aws:InstanceProfile", name, {"arn": None, **args}, opts)
