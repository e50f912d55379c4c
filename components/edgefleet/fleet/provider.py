"""`Provider`: where edgefleet's resources live, which cloud and with whose rights."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi


class ProviderArgs(TypedDict):
    """Configuration of an edgefleet provider; credentials come from AWS's standard environment and files."""

    region: NotRequired[pulumi.Input[str]]
    """AWS region, ``eu-central-1``."""
    endpoint: NotRequired[pulumi.Input[str]]
    """``emulated`` for this project's emulated cloud, an address of an AWS-like one, or absent for AWS."""
    profile: NotRequired[pulumi.Input[str]]
    """Profile in AWS's configuration files."""
    roleArn: NotRequired[pulumi.Input[str]]
    """Role to assume."""
    holder: NotRequired[pulumi.Input[str]]
    """What tells apart two stacks of one name in one account: a digest made of the stack's secret."""


class Provider(pulumi.ProviderResource):
    """An explicit edgefleet provider."""

    settings: Mapping[str, Any]
    """Its arguments, so that a component compares them with the cloud that it declares."""

    def __init__(
        self, name: str, args: ProviderArgs | None = None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        self.settings = dict(args or {})
        super().__init__("edgefleet", name, {**self.settings}, opts)
