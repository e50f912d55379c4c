"""`RolesAnywhereProfile` (`edgefleet:aws:RolesAnywhereProfile`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi


class RolesAnywhereProfileArgs(TypedDict):
    """Inputs of a RolesAnywhereProfile."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name."""
    roles: pulumi.Input[Sequence[pulumi.Input[str]]]
    """ARNs of the roles."""
    sessionPolicy: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[Any]]] | None]
    """Policy document that bounds what a session may do."""
    sessionSeconds: NotRequired[pulumi.Input[int] | None]
    """Seconds of a session."""
    enabled: NotRequired[pulumi.Input[bool] | None]
    """Whether it is in use."""


class RolesAnywhereProfile(pulumi.CustomResource):
    """Which roles a certificate may take (IAM Roles Anywhere API, CreateProfile)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(
        self, name: str, args: RolesAnywhereProfileArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("edgefleet:aws:RolesAnywhereProfile", name, {"arn": None, **args}, opts)
