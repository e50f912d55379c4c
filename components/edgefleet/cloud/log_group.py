"""`edgefleet:aws:LogGroup`: where logs are kept, and for how long."""

from collections.abc import Iterable
from typing import Any

from edgefleet.cloud.base import ArnOutputs, Change, Described, NamedResource, Table, Tagged
from edgefleet.cloud.base.constraints import DaysOrNone, KeyArn, LogGroupName
from edgefleet.errors import Problem
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import LOGS
from edgefleet.model.spec import spec
from edgefleet.model.unknown import is_known

DAYS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
"""Days that AWS takes (CloudWatch Logs API, PutRetentionPolicy)."""


@spec
class LogGroupSpec(Tagged):
    """Where logs are kept (CloudWatch Logs API, CreateLogGroup)."""

    name: LogGroupName
    """Name, ``/retail/eu/hub``."""
    retention_days: DaysOrNone = 30
    """Days that they are kept; 0 for ever."""
    key_arn: KeyArn | None = None
    """ARN of the KMS key that encrypts them; AWS's own where it is absent."""


def _arn(current: Described) -> str:
    return str(current["arn"]).removesuffix(":*")


class LogGroup(NamedResource, spec=LogGroupSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name"})
    CLAIMS = ("name",)
    TAGGING = LOGS
    EXISTS = frozenset({"ResourceAlreadyExistsException"})
    TABLE = Table(
        create="create_log_group",
        delete="delete_log_group",
        key="logGroupName",
        fields={"name": "logGroupName", "keyArn": "kmsKeyId"},
        # Without a policy they are kept for ever.
        settings={"retentionDays": lambda current: current.get("retentionInDays", 0)},
        outputs={"arn": _arn},
        tagged=_arn,
        changes=(
            Change(
                ("retentionDays",),
                "put_retention_policy",
                lambda spec: {"retentionInDays": spec.retention_days},
                otherwise="delete_retention_policy",
            ),
            Change(
                ("keyArn",),
                "associate_kms_key",
                lambda spec: {"kmsKeyId": spec.key_arn},
                otherwise="disassociate_kms_key",
            ),
        ),
    )

    def inspect(self, spec: LogGroupSpec) -> Iterable[Problem]:
        """Days that AWS does not take."""
        yield from super().inspect(spec)
        if is_known(spec.retention_days) and spec.retention_days not in {0, *DAYS}:
            nearest = min(DAYS, key=lambda days: abs(days - spec.retention_days))
            problem = f"AWS does not keep logs for {spec.retention_days} days"
            yield Problem(code="days", path="retentionDays", problem=problem, hint=f"write {nearest}")

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By name."""
        place = self.place(environment, identity)
        answer = environment.aws.call("logs", "describe_log_groups", place, logGroupNamePrefix=identity)
        return next((each for each in answer["logGroups"] if each["logGroupName"] == identity), None)
