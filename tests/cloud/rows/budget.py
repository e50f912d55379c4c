"""Row of `Budget`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.budget import Budget
from edgefleet.io.aws import Aws


def drift(aws: Aws, identity: str) -> None:
    notification = {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": 80.0,
        "ThresholdType": "PERCENTAGE",
    }
    aws.client("budgets").delete_notification(
        AccountId=aws.account, BudgetName=identity, Notification=notification
    )


ROW = Row(
    resource=Budget(),
    inputs=lambda _: {"name": "hub", "monthly": 250, "notify": ["ops@example.org"]},
    changed=lambda _: {
        "name": "hub",
        "monthly": 300,
        "notify": ["ops@example.org"],
        "notices": [{"percent": 90}],
    },
    drift=drift,
    remove=lambda aws, identity: aws.client("budgets").delete_budget(
        AccountId=aws.account, BudgetName=identity
    ),
)
