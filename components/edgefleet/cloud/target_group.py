"""`edgefleet:aws:TargetGroup`: the machines that a load balancer sends to."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.cloud.base import RENAME, ArnOutputs, Change, Table, Tagged
from edgefleet.cloud.base.constraints import Api, Port, TargetGroupName, VpcId
from edgefleet.cloud.base.services import ElbResource, attributes
from edgefleet.errors import Problem
from edgefleet.model.spec import spec

DELAY = "deregistration_delay.timeout_seconds"
KEEP_SOURCE = "preserve_client_ip.enabled"


@spec
class TargetGroupSpec(Tagged):
    """The machines that a load balancer sends to (Elastic Load Balancing API, CreateTargetGroup)."""

    name: TargetGroupName | None = None
    """Name: 32 letters, digits and hyphens at most. By default edgefleet chooses one for each replacement."""
    vpc_id: VpcId
    """Id of the network."""
    port: Port
    """Port of the machines."""
    protocol: Literal["TCP", "TLS", "UDP", "TCP_UDP"] = "TCP"
    """What it passes on."""
    target_type: Literal["instance", "ip"] = "instance"
    """Whether targets are named by instance or address."""
    health_interval: Annotated[int, Api("elbv2.CreateTargetGroup.HealthCheckIntervalSeconds")] = 10
    """Seconds between two checks."""
    healthy_count: Annotated[int, Api("elbv2.CreateTargetGroup.HealthyThresholdCount")] = 2
    """Checks in a row that make a machine healthy, or unhealthy."""
    deregistration_delay: Annotated[int, Field(ge=0, le=3_600)] = 30
    """Seconds that connections may go on after a machine left."""
    preserve_client_ip: bool = False
    """Whether machines see the client's address; a machine cannot reach itself through it then."""


class TargetGroup(ElbResource, spec=TargetGroupSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name", "vpcId", "port", "protocol", "targetType"})
    CLAIMS = ("name",)
    HELD = RENAME
    LONGEST_NAME = 32
    ATTRIBUTES = MappingProxyType(
        {"deregistrationDelay": (DELAY, 300), "preserveClientIp": (KEEP_SOURCE, True)}
    )
    ATTRIBUTE_CALLS = "target_group_attributes"
    TABLE = Table(
        create="create_target_group",
        read="describe_target_groups",
        delete="delete_target_group",
        answer="TargetGroups",
        key="TargetGroupArn",
        fields={
            "vpcId": "VpcId",
            "port": "Port",
            "protocol": "Protocol",
            "targetType": "TargetType",
            "healthInterval": "HealthCheckIntervalSeconds",
            "healthyCount": "HealthyThresholdCount",
        },
        settings={"name": "TargetGroupName"},
        besides=lambda spec: {
            "Name": spec.name,
            "HealthCheckProtocol": "TCP",
            "UnhealthyThresholdCount": spec.healthy_count,
        },
        outputs={"arn": "TargetGroupArn"},
        changes=(
            Change(
                ("healthInterval", "healthyCount"),
                "modify_target_group",
                lambda spec: {
                    "HealthCheckIntervalSeconds": spec.health_interval,
                    "HealthyThresholdCount": spec.healthy_count,
                    "UnhealthyThresholdCount": spec.healthy_count,
                },
            ),
            Change(
                ("deregistrationDelay", "preserveClientIp"),
                "modify_target_group_attributes",
                lambda spec: attributes(
                    {DELAY: spec.deregistration_delay, KEEP_SOURCE: spec.preserve_client_ip}
                ),
            ),
        ),
    )

    def inspect(self, spec: TargetGroupSpec) -> Iterable[Problem]:
        """A setting that UDP does not allow."""
        if spec.protocol in {"UDP", "TCP_UDP"} and spec.preserve_client_ip is False:
            hint = f"set preserveClientIp: true: AWS always preserves it for {spec.protocol}"
            yield Problem(code="udp", path="preserveClientIp", problem="cannot be off", hint=hint)
