"""`edgefleet:aws:TargetGroup`: the machines that a load balancer sends to."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Literal

from edgefleet.cloud.base import ArnOutputs, Change, Table, Tagged
from edgefleet.cloud.base.constraints import balancer_name_problems, range_problems
from edgefleet.cloud.base.services import ElbResource, attributes
from edgefleet.errors import Problem
from edgefleet.io.environment import Environment
from edgefleet.model.spec import spec

DELAY = "deregistration_delay.timeout_seconds"
KEEP_SOURCE = "preserve_client_ip.enabled"


@spec
class TargetGroupSpec(Tagged):
    """The machines that a load balancer sends to (Elastic Load Balancing API, CreateTargetGroup)."""

    name: str
    """Name: 32 letters, digits and hyphens at most."""
    vpc_id: str
    """Id of the network."""
    port: int
    """Port of the machines."""
    protocol: Literal["TCP", "TLS", "UDP", "TCP_UDP"] = "TCP"
    """What it passes on."""
    target_type: Literal["instance", "ip"] = "instance"
    """Whether targets are named by instance or address."""
    health_interval: int = 10
    """Seconds between two checks."""
    healthy_count: int = 2
    """Checks in a row that make a machine healthy, or unhealthy."""
    deregistration_delay: int = 30
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
        """A name, port or times that cannot be."""
        yield from super().inspect(spec)
        yield from balancer_name_problems(spec.name)
        yield from range_problems("port", spec.port, 1, 65_535)
        yield from range_problems("healthInterval", spec.health_interval, 5, 300)
        yield from range_problems("healthyCount", spec.healthy_count, 2, 10)
        yield from range_problems("deregistrationDelay", spec.deregistration_delay, 0, 3_600)

    def request(self, spec: TargetGroupSpec, environment: Environment) -> dict[str, Any]:
        """Its machines and health checks; attributes follow."""
        fixed = {"Name": spec.name, "HealthCheckProtocol": "TCP"}
        return {
            **super().request(spec, environment),
            **fixed,
            "UnhealthyThresholdCount": spec.healthy_count,
        }
