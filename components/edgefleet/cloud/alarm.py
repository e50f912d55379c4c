"""`edgefleet:aws:Alarm`: tells people when a figure of CloudWatch is out of bounds."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Annotated, Any, ClassVar, Literal

from edgefleet.cloud.base import NamedResource, Tagged
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import ALARMS
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Unordered, spec

Comparison = Literal[
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
]
Statistic = Literal["Average", "Maximum", "Minimum", "SampleCount", "Sum"]
Missing = Literal["missing", "breaching", "notBreaching", "ignore"]


@spec
class AlarmSpec(Tagged):
    """A bound on a figure (CloudWatch API, PutMetricAlarm)."""

    name: Annotated[str, Effect.NONE]
    """Name, unique in the region."""
    namespace: Annotated[str, Effect.NONE]
    """Where the figure is, ``AWS/NetworkELB``."""
    metric: Annotated[str, Effect.NONE]
    """The figure, ``UnHealthyHostCount``."""
    threshold: Annotated[float, Effect.NONE]
    """The bound, in the figure's own unit."""
    comparison: Annotated[Comparison, Effect.NONE] = "GreaterThanThreshold"
    """How the figure stands to the bound when it is out of it."""
    statistic: Annotated[Statistic, Effect.NONE] = "Maximum"
    """What is made of the figures of a period."""
    period: Annotated[int, Effect.NONE] = 60
    """Seconds of a period: 10, 20, 30 or a multiple of 60."""
    periods: Annotated[int, Effect.NONE] = 3
    """Periods in a row."""
    dimensions: Annotated[dict[str, str], Effect.NONE] = field(default_factory=dict)
    """dict[name -> value] of what is measured."""
    actions: Annotated[tuple[str, ...], Unordered(), Effect.NONE] = ()
    """ARNs of whom it tells, such as topics."""
    missing_data: Annotated[Missing, Effect.NONE] = "missing"
    """What a period without figures means."""
    description: Annotated[str, Effect.NONE] = ""
    """What it is for."""


@spec
class AlarmOutputs:
    """What is known of an alarm."""

    arn: str
    """Amazon Resource Name."""


class Alarm(NamedResource):
    """The kind."""

    TOKEN = "edgefleet:aws:Alarm"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = AlarmSpec
    Outputs: ClassVar[type[Any]] = AlarmOutputs
    REPLACE_ON = frozenset({"name"})
    CLAIMS = ("name",)
    TAGGING = ALARMS
    TAGGED_BY = "AlarmArn"
    LOOKS_FIRST = True

    def inspect(self, spec: AlarmSpec) -> Iterable[Problem]:
        """A period that AWS does not take."""
        yield from super().inspect(spec)
        minute = 60
        if spec.period not in {10, 20, 30} and (spec.period < minute or spec.period % minute):
            hint = "write 10, 20, 30 or a multiple of 60 seconds"
            yield Problem(code="range", path="period", problem=f"{spec.period} is no period", hint=hint)

    def make(self, spec: AlarmSpec, outside: Outside, place: str) -> None:
        """Make it."""
        tags = ALARMS.form(self.tags(spec, outside))
        outside.aws.call("cloudwatch", "put_metric_alarm", place, Tags=tags, **_settings(spec))

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By name."""
        place = self.place(outside, identity)
        found = outside.aws.call("cloudwatch", "describe_alarms", place, AlarmNames=[identity])
        return next(iter(found["MetricAlarms"]), None)

    def settle(self, found: Mapping[str, Any], spec: AlarmSpec, outside: Outside) -> None:
        """All of it at once, where any of it differs."""
        wanted = _settings(spec)
        if any(_live(found)[name] != value for name, value in _comparable(wanted).items()):
            place = self.place(outside, spec.name)
            outside.aws.call("cloudwatch", "put_metric_alarm", place, **wanted)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """All of it."""
        del outside
        return {
            "name": found["AlarmName"],
            "namespace": found["Namespace"],
            "metric": found["MetricName"],
            "threshold": found["Threshold"],
            "comparison": found["ComparisonOperator"],
            "statistic": found.get("Statistic", "Maximum"),
            "period": found["Period"],
            "periods": found["EvaluationPeriods"],
            "dimensions": {each["Name"]: each["Value"] for each in found.get("Dimensions") or ()},
            "actions": sorted(found.get("AlarmActions") or ()),
            "missingData": found.get("TreatMissingData") or "missing",
            "description": found.get("AlarmDescription") or "",
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> AlarmOutputs:
        """Its name."""
        del outside
        return AlarmOutputs(arn=found["AlarmArn"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it."""
        outside.aws.seek("cloudwatch", "delete_alarms", place, AlarmNames=[found["AlarmName"]])


def _settings(spec: AlarmSpec) -> dict[str, Any]:
    return {
        "AlarmName": spec.name,
        "Namespace": spec.namespace,
        "MetricName": spec.metric,
        "Threshold": spec.threshold,
        "ComparisonOperator": spec.comparison,
        "Statistic": spec.statistic,
        "Period": spec.period,
        "EvaluationPeriods": spec.periods,
        "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(spec.dimensions.items())],
        "AlarmActions": sorted(spec.actions),
        "TreatMissingData": spec.missing_data,
        "AlarmDescription": spec.description,
    }


def _comparable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in an order of their own."""
    return {name: _ordered(value) for name, value in settings.items()}


def _live(found: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {"Dimensions": [], "AlarmActions": [], "TreatMissingData": "missing", "AlarmDescription": ""}
    names = [*defaults, "AlarmName", "Namespace", "MetricName", "Threshold", "ComparisonOperator"]
    names += ["Statistic", "Period", "EvaluationPeriods"]
    return {name: _ordered(found.get(name) or defaults.get(name, found.get(name))) for name in names}


def _ordered(value: Any) -> Any:
    return sorted(value, key=repr) if isinstance(value, list) else value
