"""Row of `Alarm`."""

from tests.cloud.rows.row import Row

from edgefleet.cloud.alarm import Alarm
from edgefleet.io.aws import Aws

INPUTS = {
    "name": "hub-unhealthy",
    "namespace": "AWS/NetworkELB",
    "metric": "UnHealthyHostCount",
    "threshold": 0,
    "dimensions": {"LoadBalancer": "net/hub/1"},
}


def drift(aws: Aws, identity: str) -> None:
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=identity,
        Namespace="AWS/NetworkELB",
        MetricName="UnHealthyHostCount",
        Threshold=100,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=3,
    )


ROW = Row(
    resource=Alarm(),
    inputs=lambda _: {**INPUTS, "tags": {"team": "edge"}},
    changed=lambda _: {**INPUTS, "threshold": 1, "periods": 5, "description": "Servers that do not answer."},
    drift=drift,
    remove=lambda aws, identity: aws.client("cloudwatch").delete_alarms(AlarmNames=[identity]),
)
