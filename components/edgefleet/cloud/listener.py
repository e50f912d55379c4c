"""`edgefleet:aws:Listener`: a port of a load balancer, and the target group behind it."""

from collections.abc import Iterable
from typing import Any, Literal

from edgefleet.cloud.base import ArnOutputs, Change, ChosenId, Described, Table, Tagged
from edgefleet.cloud.base.constraints import range_problems
from edgefleet.errors import Problem
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import ELB
from edgefleet.model.spec import spec


@spec
class ListenerSpec(Tagged):
    """A port of a load balancer (Elastic Load Balancing API, CreateListener)."""

    load_balancer: str
    """ARN of the load balancer."""
    port: int
    """Port that it listens on."""
    target_group: str
    """ARN of the target group that it sends to."""
    protocol: Literal["TCP", "UDP", "TCP_UDP"] = "TCP"
    """What it takes."""


def _settings(spec: ListenerSpec) -> dict[str, Any]:
    action = {"Type": "forward", "TargetGroupArn": spec.target_group}
    return {"Port": spec.port, "Protocol": spec.protocol, "DefaultActions": [action]}


class Listener(ChosenId, spec=ListenerSpec, outputs=ArnOutputs):
    """The kind; before it has an id it is found by ``<load balancer>:<port>``."""

    REPLACE_ON = frozenset({"loadBalancer"})
    CLAIMS = ("loadBalancer", "port")
    TAGGING = ELB
    TABLE = Table(
        create="create_listener",
        delete="delete_listener",
        key="ListenerArn",
        settings={"loadBalancer": "LoadBalancerArn", "port": "Port", "protocol": "Protocol"},
        outputs={"arn": "ListenerArn"},
        changes=(Change(("port", "protocol", "targetGroup"), "modify_listener", _settings),),
    )

    def name_of(self, spec: ListenerSpec) -> str:
        """Where it listens."""
        return f"{spec.load_balancer}:{spec.port}"

    def inspect(self, spec: ListenerSpec) -> Iterable[Problem]:
        """A port that cannot be."""
        yield from super().inspect(spec)
        yield from range_problems("port", spec.port, 1, 65_535)

    def request(self, spec: ListenerSpec, environment: Environment) -> dict[str, Any]:
        """Its port and where it sends to."""
        del environment
        return {"LoadBalancerArn": spec.load_balancer, **_settings(spec)}

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By its ARN, or by load balancer and port."""
        place, ask = self.place(environment, identity), environment.aws.seek
        if ":listener/" in identity:
            answer = ask("elbv2", "describe_listeners", place, ListenerArns=[identity]) or {}
            return next(iter(answer.get("Listeners", ())), None)
        balancer, _, port = identity.rpartition(":")
        answer = ask("elbv2", "describe_listeners", place, LoadBalancerArn=balancer) or {}
        return next((each for each in answer.get("Listeners", ()) if each["Port"] == int(port)), None)

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its port and where it sends to."""
        return {**super().inputs(current, environment), "targetGroup": _target(current) or ""}


def _target(current: Described) -> str | None:
    """ARN of the single target group; None if it was changed outside."""
    actions = current["DefaultActions"]
    first = actions[0] if len(actions) == 1 else {}
    groups = first.get("ForwardConfig", {}).get("TargetGroups") or []
    arn: str | None = first.get("TargetGroupArn") or (
        groups[0]["TargetGroupArn"] if len(groups) == 1 else None
    )
    return arn
