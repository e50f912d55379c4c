"""`LogGroup` (`edgefleet:aws:LogGroup`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class LogGroupArgs(TypedDict):
    """Inputs of a LogGroup."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name, ``/retail/eu/hub``."""
    retentionDays: NotRequired[pulumi.Input[int] | None]
    """Days that they are kept; for ever where it is null."""
    keyArn: NotRequired[pulumi.Input[str] | None]
    """ARN of the KMS key that encrypts them; AWS's own where it is absent."""


class LogGroup(pulumi.CustomResource):
    """Where logs are kept (CloudWatch Logs API, CreateLogGroup)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: LogGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:LogGroup", name, {"arn": None, **args}, opts)
