"""`edgefleet:aws:Listener`: a port of a load balancer, and the target group behind it."""

from typing import Any, Literal

from edgefleet.cloud.base import ArnOutputs, Change, ChosenId, Described, Table, Tagged
from edgefleet.cloud.base.constraints import Arn, Port
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import ELB
from edgefleet.model.spec import spec


@spec
class ListenerSpec(Tagged):
    """A port of a load balancer (Elastic Load Balancing API, CreateListener)."""

    load_balancer: Arn
    """ARN of the load balancer."""
    port: Port
    """Port that it listens on."""
    target_group: Arn
    """ARN of the target group that it sends to."""
    protocol: Literal["TCP", "UDP", "TCP_UDP"] = "TCP"
    """What it takes."""


def _settings(spec: ListenerSpec) -> dict[str, Any]:
    action = {"Type": "forward", "TargetGroupArn": spec.target_group}
    return {"Port": spec.port, "Protocol": spec.protocol, "DefaultActions": [action]}


def _target(current: Described) -> str:
    """ARN of the single target group; empty if it was changed outside."""
    actions = current["DefaultActions"]
    first = actions[0] if len(actions) == 1 else {}
    groups = first.get("ForwardConfig", {}).get("TargetGroups") or []
    return str(first.get("TargetGroupArn") or (groups[0]["TargetGroupArn"] if len(groups) == 1 else ""))


class Listener(ChosenId, spec=ListenerSpec, outputs=ArnOutputs):
    """The kind; before it has an id it is found by ``<load balancer>:<port>``."""

    REPLACE_ON = frozenset({"loadBalancer"})
    CLAIMS = ("loadBalancer", "port")
    TAGGING = ELB
    TABLE = Table(
        create="create_listener",
        delete="delete_listener",
        key="ListenerArn",
        settings={
            "loadBalancer": "LoadBalancerArn",
            "port": "Port",
            "protocol": "Protocol",
            "targetGroup": _target,
        },
        besides=lambda spec: {"LoadBalancerArn": spec.load_balancer, **_settings(spec)},
        outputs={"arn": "ListenerArn"},
        changes=(Change(("port", "protocol", "targetGroup"), "modify_listener", _settings),),
    )

    def name_of(self, spec: ListenerSpec) -> str:
        """Where it listens."""
        return f"{spec.load_balancer}:{spec.port}"

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By its ARN, or by load balancer and port."""
        place, ask = self.place(environment, identity), environment.aws.seek
        if ":listener/" in identity:
            answer = ask("elbv2", "describe_listeners", place, ListenerArns=[identity]) or {}
            return next(iter(answer.get("Listeners", ())), None)
        balancer, _, port = identity.rpartition(":")
        answer = ask("elbv2", "describe_listeners", place, LoadBalancerArn=balancer) or {}
        return next((each for each in answer.get("Listeners", ()) if each["Port"] == int(port)), None)
