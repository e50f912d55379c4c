"""Row of `LogGroup`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.log_group import LogGroup

ROW = Row(
    resource=LogGroup(),
    inputs=lambda _: {"name": "/retail/hub", "tags": {"team": "edge"}},
    changed=lambda _: {"name": "/retail/hub", "retentionDays": 90},
    drift=lambda aws, identity: aws.client("logs").put_retention_policy(
        logGroupName=identity, retentionInDays=1
    ),
    remove=lambda aws, identity: aws.client("logs").delete_log_group(logGroupName=identity),
)
