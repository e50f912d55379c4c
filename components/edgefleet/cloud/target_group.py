"""`edgefleet:aws:TargetGroup`: the machines that a load balancer sends to."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from edgefleet.cloud.base import ChosenId, Tagged
from edgefleet.cloud.base.names import balancer_name_problems
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import ELB
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

DELAY = "deregistration_delay.timeout_seconds"
KEEP_SOURCE = "preserve_client_ip.enabled"


@spec
class TargetGroupSpec(Tagged):
    """The machines that a load balancer sends to (Elastic Load Balancing API, CreateTargetGroup)."""

    name: Annotated[str, Effect.NONE]
    """Name: 32 letters, digits and hyphens at most."""
    vpc_id: Annotated[str, Effect.NONE]
    """Id of the network."""
    port: Annotated[int, Effect.NONE]
    """Port of the machines."""
    protocol: Annotated[Literal["TCP", "TLS", "UDP", "TCP_UDP"], Effect.NONE] = "TCP"
    """What it passes on."""
    target_type: Annotated[Literal["instance", "ip"], Effect.NONE] = "instance"
    """Whether targets are named by instance or address."""
    health_interval: Annotated[int, Effect.NONE] = 10
    """Seconds between two checks."""
    healthy_count: Annotated[int, Effect.NONE] = 2
    """Checks in a row that make a machine healthy, or unhealthy."""
    deregistration_delay: Annotated[int, Effect.NONE] = 30
    """Seconds that connections may go on after a machine left."""
    preserve_client_ip: Annotated[bool, Effect.NONE] = False
    """Whether machines see the client's address; a machine cannot reach itself through it then."""


@spec
class TargetGroupOutputs:
    """What is known of a target group."""

    arn: str
    """Amazon Resource Name."""


class TargetGroup(ChosenId):
    """The kind."""

    TOKEN = "edgefleet:aws:TargetGroup"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = TargetGroupSpec
    Outputs: ClassVar[type[Any]] = TargetGroupOutputs
    REPLACE_ON = frozenset({"name", "vpcId", "port", "protocol", "targetType"})
    CLAIMS = ("name",)
    TAGGING = ELB
    TAGGED_BY = "TargetGroupArn"
    ID = "TargetGroupArn"

    def inspect(self, spec: TargetGroupSpec) -> Iterable[Problem]:
        """A name, port or times that cannot be."""
        yield from super().inspect(spec)
        yield from balancer_name_problems(spec.name)
        limits = {
            "port": (spec.port, 1, 65_535),
            "healthInterval": (spec.health_interval, 5, 300),
            "healthyCount": (spec.healthy_count, 2, 10),
            "deregistrationDelay": (spec.deregistration_delay, 0, 3_600),
        }
        for path, (value, least, most) in limits.items():
            if not least <= value <= most:
                hint = f"write {least} to {most}"
                yield Problem(code="range", path=path, problem=f"{value} is out of range", hint=hint)

    def make(self, spec: TargetGroupSpec, outside: Outside, place: str) -> None:
        """Make it."""
        outside.aws.call(
            "elbv2",
            "create_target_group",
            place,
            Name=spec.name,
            VpcId=spec.vpc_id,
            Port=spec.port,
            Protocol=spec.protocol,
            TargetType=spec.target_type,
            HealthCheckProtocol="TCP",
            Tags=ELB.form(self.tags(spec, outside)),
            **_health(spec),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By ARN or name."""
        key = "TargetGroupArns" if identity.startswith("arn:") else "Names"
        place = self.place(outside, identity)
        found = outside.aws.seek("elbv2", "describe_target_groups", place, **{key: [identity]})
        return None if found is None else next(iter(found["TargetGroups"]), None)

    def settle(self, found: Mapping[str, Any], spec: TargetGroupSpec, outside: Outside) -> None:
        """Its health checks and attributes."""
        arn = found["TargetGroupArn"]
        place, live = self.place(outside, arn), self._attributes(arn, outside)
        wanted = _health(spec)
        if any(found.get(name) != value for name, value in wanted.items()):
            outside.aws.call("elbv2", "modify_target_group", place, TargetGroupArn=arn, **wanted)
        asked = {DELAY: str(spec.deregistration_delay), KEEP_SOURCE: str(spec.preserve_client_ip).lower()}
        changed = [{"Key": key, "Value": value} for key, value in asked.items() if live.get(key) != value]
        if changed:
            outside.aws.call(
                "elbv2", "modify_target_group_attributes", place, TargetGroupArn=arn, Attributes=changed
            )

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its health checks and attributes."""
        live = self._attributes(found["TargetGroupArn"], outside)
        return {
            "name": found["TargetGroupName"],
            "vpcId": found.get("VpcId", ""),
            "port": found["Port"],
            "protocol": found["Protocol"],
            "targetType": found.get("TargetType", "instance"),
            "healthInterval": found["HealthCheckIntervalSeconds"],
            "healthyCount": found["HealthyThresholdCount"],
            "deregistrationDelay": int(live.get(DELAY, 300)),
            "preserveClientIp": live.get(KEEP_SOURCE, "true") == "true",
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> TargetGroupOutputs:
        """Its name."""
        del outside
        return TargetGroupOutputs(arn=found["TargetGroupArn"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it."""
        arn = found["TargetGroupArn"]
        outside.aws.seek("elbv2", "delete_target_group", place, TargetGroupArn=arn)

    def _attributes(self, arn: str, outside: Outside) -> dict[str, str]:
        place = self.place(outside, arn)
        answer = outside.aws.call("elbv2", "describe_target_group_attributes", place, TargetGroupArn=arn)
        return {each["Key"]: each["Value"] for each in answer["Attributes"]}


def _health(spec: TargetGroupSpec) -> dict[str, int]:
    return {
        "HealthCheckIntervalSeconds": spec.health_interval,
        "HealthyThresholdCount": spec.healthy_count,
        "UnhealthyThresholdCount": spec.healthy_count,
    }
