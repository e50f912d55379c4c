"""`edgefleet:aws:TargetGroup`: the machines that a load balancer sends to."""

from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.cloud.base import ArnOutputs, Change, Table, Tagged
from edgefleet.cloud.base.constraints import BalancerName, Port
from edgefleet.cloud.base.services import ElbResource, attributes
from edgefleet.model.spec import spec

DELAY = "deregistration_delay.timeout_seconds"
KEEP_SOURCE = "preserve_client_ip.enabled"


@spec
class TargetGroupSpec(Tagged):
    """The machines that a load balancer sends to (Elastic Load Balancing API, CreateTargetGroup)."""

    name: BalancerName
    """Name: 32 letters, digits and hyphens at most."""
    vpc_id: str
    """Id of the network."""
    port: Port
    """Port of the machines."""
    protocol: Literal["TCP", "TLS", "UDP", "TCP_UDP"] = "TCP"
    """What it passes on."""
    target_type: Literal["instance", "ip"] = "instance"
    """Whether targets are named by instance or address."""
    health_interval: Annotated[int, Field(ge=5, le=300)] = 10
    """Seconds between two checks."""
    healthy_count: Annotated[int, Field(ge=2, le=10)] = 2
    """Checks in a row that make a machine healthy, or unhealthy."""
    deregistration_delay: Annotated[int, Field(ge=0, le=3_600)] = 30
    """Seconds that connections may go on after a machine left."""
    preserve_client_ip: bool = False
    """Whether machines see the client's address; a machine cannot reach itself through it then."""


class TargetGroup(ElbResource, spec=TargetGroupSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name", "vpcId", "port", "protocol", "targetType"})
    CLAIMS = ("name",)
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
