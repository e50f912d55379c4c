"""`edgefleet:aws:LogGroup`: where logs are kept, and for how long."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import NamedResource, Tagged
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import LOGS
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

DAYS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922}
)
"""Days that AWS takes (CloudWatch Logs API, PutRetentionPolicy)."""


@spec
class LogGroupSpec(Tagged):
    """Where logs are kept (CloudWatch Logs API, CreateLogGroup)."""

    name: Annotated[str, Effect.NONE]
    """Name, ``/retail/eu/hub``."""
    retention_days: Annotated[int | None, Effect.NONE] = 30
    """Days that they are kept; for ever where it is null."""
    key_arn: Annotated[str | None, Effect.NONE] = None
    """ARN of the KMS key that encrypts them; AWS's own where it is absent."""


@spec
class LogGroupOutputs:
    """What is known of a log group."""

    arn: str
    """Amazon Resource Name."""


class LogGroup(NamedResource):
    """The kind."""

    TOKEN = "edgefleet:aws:LogGroup"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = LogGroupSpec
    Outputs: ClassVar[type[Any]] = LogGroupOutputs
    REPLACE_ON = frozenset({"name"})
    CLAIMS = ("name",)
    TAGGING = LOGS
    EXISTS = frozenset({"ResourceAlreadyExistsException"})

    def tagged_by(self, found: Mapping[str, Any]) -> str:
        """Its ARN, without the star at its end."""
        return str(found["arn"]).removesuffix(":*")

    def inspect(self, spec: LogGroupSpec) -> Iterable[Problem]:
        """Days that AWS does not take."""
        yield from super().inspect(spec)
        if spec.retention_days is not None and spec.retention_days not in DAYS:
            nearest = min(DAYS, key=lambda days: abs(days - (spec.retention_days or 0)))
            problem = f"AWS does not keep logs for {spec.retention_days} days"
            yield Problem(code="days", path="retentionDays", problem=problem, hint=f"write {nearest}")

    def make(self, spec: LogGroupSpec, outside: Outside, place: str) -> None:
        """Make it."""
        tags = self.tags(spec, outside)
        outside.aws.call(
            "logs", "create_log_group", place, logGroupName=spec.name, kmsKeyId=spec.key_arn, tags=tags
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By name."""
        place = self.place(outside, identity)
        found = outside.aws.call("logs", "describe_log_groups", place, logGroupNamePrefix=identity)
        return next((each for each in found["logGroups"] if each["logGroupName"] == identity), None)

    def settle(self, found: Mapping[str, Any], spec: LogGroupSpec, outside: Outside) -> None:
        """Its days and key."""
        name, aws, place = spec.name, outside.aws, self.place(outside, spec.name)
        if found.get("retentionInDays") != spec.retention_days:
            if spec.retention_days is None:
                aws.seek("logs", "delete_retention_policy", place, logGroupName=name)
            else:
                days = spec.retention_days
                aws.call("logs", "put_retention_policy", place, logGroupName=name, retentionInDays=days)
        if found.get("kmsKeyId") != spec.key_arn:
            if spec.key_arn is None:
                aws.call("logs", "disassociate_kms_key", place, logGroupName=name)
            else:
                aws.call("logs", "associate_kms_key", place, logGroupName=name, kmsKeyId=spec.key_arn)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its days and key."""
        del outside
        return {
            "name": found["logGroupName"],
            "retentionDays": found.get("retentionInDays"),
            "keyArn": found.get("kmsKeyId"),
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> LogGroupOutputs:
        """Its name."""
        del outside
        return LogGroupOutputs(arn=str(found["arn"]).removesuffix(":*"))

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it with its logs."""
        outside.aws.seek("logs", "delete_log_group", place, logGroupName=found["logGroupName"])
