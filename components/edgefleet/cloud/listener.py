"""`edgefleet:aws:Listener`: a port of a load balancer, and the target group behind it."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from edgefleet.cloud.base import ChosenId, Tagged
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import ELB
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

LAST_PORT = 65_535


@spec
class ListenerSpec(Tagged):
    """A port of a load balancer (Elastic Load Balancing API, CreateListener)."""

    load_balancer: Annotated[str, Effect.NONE]
    """ARN of the load balancer."""
    port: Annotated[int, Effect.NONE]
    """Port that it listens on."""
    target_group: Annotated[str, Effect.NONE]
    """ARN of the target group that it sends to."""
    protocol: Annotated[Literal["TCP", "UDP", "TCP_UDP"], Effect.NONE] = "TCP"
    """What it takes."""


@spec
class ListenerOutputs:
    """What is known of a listener."""

    arn: str
    """Amazon Resource Name."""


class Listener(ChosenId):
    """The kind; before it has an id it is found by ``<load balancer>:<port>``."""

    TOKEN = "edgefleet:aws:Listener"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = ListenerSpec
    Outputs: ClassVar[type[Any]] = ListenerOutputs
    REPLACE_ON = frozenset({"loadBalancer"})
    CLAIMS = ("loadBalancer", "port")
    TAGGING = ELB
    TAGGED_BY = "ListenerArn"
    ID = "ListenerArn"

    def name_of(self, spec: ListenerSpec) -> str:
        """Where it listens."""
        return f"{spec.load_balancer}:{spec.port}"

    def inspect(self, spec: ListenerSpec) -> Iterable[Problem]:
        """A port that cannot be."""
        yield from super().inspect(spec)
        if not 1 <= spec.port <= LAST_PORT:
            hint = f"write 1 to {LAST_PORT}"
            yield Problem(code="range", path="port", problem=f"{spec.port} is no port", hint=hint)

    def make(self, spec: ListenerSpec, outside: Outside, place: str) -> None:
        """Make it."""
        outside.aws.call(
            "elbv2",
            "create_listener",
            place,
            LoadBalancerArn=spec.load_balancer,
            Tags=ELB.form(self.tags(spec, outside)),
            **_settings(spec),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By its ARN, or by load balancer and port."""
        place = self.place(outside, identity)
        if ":listener/" in identity:
            found = outside.aws.seek("elbv2", "describe_listeners", place, ListenerArns=[identity])
            return None if found is None else next(iter(found["Listeners"]), None)
        balancer, _, port = identity.rpartition(":")
        found = outside.aws.seek("elbv2", "describe_listeners", place, LoadBalancerArn=balancer) or {}
        return next((each for each in found.get("Listeners", ()) if each["Port"] == int(port)), None)

    def settle(self, found: Mapping[str, Any], spec: ListenerSpec, outside: Outside) -> None:
        """Its port and where it sends to."""
        live = (found["Port"], found["Protocol"], _target(found))
        if live != (spec.port, spec.protocol, spec.target_group):
            arn = found["ListenerArn"]
            place = self.place(outside, arn)
            outside.aws.call("elbv2", "modify_listener", place, ListenerArn=arn, **_settings(spec))

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its port and where it sends to."""
        del outside
        return {
            "loadBalancer": found["LoadBalancerArn"],
            "port": found["Port"],
            "protocol": found["Protocol"],
            "targetGroup": _target(found) or "",
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> ListenerOutputs:
        """Its name."""
        del outside
        return ListenerOutputs(arn=found["ListenerArn"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it."""
        outside.aws.seek("elbv2", "delete_listener", place, ListenerArn=found["ListenerArn"])


def _settings(spec: ListenerSpec) -> dict[str, Any]:
    action = {"Type": "forward", "TargetGroupArn": spec.target_group}
    return {"Port": spec.port, "Protocol": spec.protocol, "DefaultActions": [action]}


def _target(found: Mapping[str, Any]) -> str | None:
    """ARN of the one target group; None where somebody made it something else."""
    actions = found["DefaultActions"]
    first = actions[0] if len(actions) == 1 else {}
    groups = first.get("ForwardConfig", {}).get("TargetGroups") or []
    arn: str | None = first.get("TargetGroupArn") or (
        groups[0]["TargetGroupArn"] if len(groups) == 1 else None
    )
    return arn
