"""`Alarm` (`edgefleet:aws:Alarm`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class AlarmArgs(TypedDict):
    """Inputs of an Alarm."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name, unique in the region."""
    namespace: pulumi.Input[str]
    """Where the figure is, ``AWS/NetworkELB``."""
    metric: pulumi.Input[str]
    """The figure, ``UnHealthyHostCount``."""
    threshold: pulumi.Input[float]
    """The bound, in the figure's own unit."""
    comparison: NotRequired[pulumi.Input[str] | None]
    """How the figure stands to the bound when it is out of it.

    One of: GreaterThanThreshold, GreaterThanOrEqualToThreshold, LessThanThreshold,
    LessThanOrEqualToThreshold.
    """
    statistic: NotRequired[pulumi.Input[str] | None]
    """What is made of the figures of a period. One of: Average, Maximum, Minimum, SampleCount, Sum."""
    period: NotRequired[pulumi.Input[int] | None]
    """Seconds of a period: 10, 20, 30 or a multiple of 60."""
    periods: NotRequired[pulumi.Input[int] | None]
    """Periods in a row."""
    dimensions: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """dict[name -> value] of what is measured."""
    actions: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """ARNs of whom it tells, such as topics."""
    missingData: NotRequired[pulumi.Input[str] | None]
    """What a period without figures means. One of: missing, breaching, notBreaching, ignore."""
    description: NotRequired[pulumi.Input[str] | None]
    """What it is for."""


class Alarm(pulumi.CustomResource):
    """A bound on a figure (CloudWatch API, PutMetricAlarm)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: AlarmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Alarm", name, {"arn": None, **args}, opts)
