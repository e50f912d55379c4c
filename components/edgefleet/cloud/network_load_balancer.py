"""`edgefleet:aws:NetworkLoadBalancer`: one address for several machines."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import ChosenId, Tagged
from edgefleet.cloud.base.names import balancer_name_problems
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import ELB
from edgefleet.io.environment import Outside
from edgefleet.io.waiting import until
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Unordered, spec

ATTRIBUTES = {
    "crossZone": "load_balancing.cross_zone.enabled",
    "deletionProtection": "deletion_protection.enabled",
}
"""dict[input -> attribute of the API]."""


@spec
class NetworkLoadBalancerSpec(Tagged):
    """One address for several machines (Elastic Load Balancing API, CreateLoadBalancer)."""

    name: Annotated[str, Effect.NONE]
    """Name: 32 letters, digits and hyphens at most."""
    subnets: Annotated[tuple[str, ...], Unordered(), Effect.NONE]
    """Ids of subnets, one a zone."""
    security_groups: Annotated[tuple[str, ...], Unordered(), Effect.NONE] = ()
    """Ids of security groups; one that was made without cannot be given any."""
    internal: Annotated[bool, Effect.NONE] = False
    """Whether it has addresses inside only."""
    cross_zone: Annotated[bool, Effect.NONE] = False
    """Whether each of its nodes sends to machines of all zones."""
    deletion_protection: Annotated[bool, Effect.NONE] = False
    """Whether AWS refuses to remove it."""


@spec
class NetworkLoadBalancerOutputs:
    """What is known of a load balancer."""

    arn: str
    """Amazon Resource Name."""
    dns_name: str
    """Its name, for a record to point at."""
    zone_id: str
    """Hosted zone of its name, for an alias record."""


class NetworkLoadBalancer(ChosenId):
    """The kind."""

    TOKEN = "edgefleet:aws:NetworkLoadBalancer"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = NetworkLoadBalancerSpec
    Outputs: ClassVar[type[Any]] = NetworkLoadBalancerOutputs
    REPLACE_ON = frozenset({"name", "internal"})
    CLAIMS = ("name",)
    TAGGING = ELB
    TAGGED_BY = "LoadBalancerArn"
    ID = "LoadBalancerArn"

    def inspect(self, spec: NetworkLoadBalancerSpec) -> Iterable[Problem]:
        """A name that cannot be, or no subnet."""
        yield from super().inspect(spec)
        yield from balancer_name_problems(spec.name)
        if not spec.subnets:
            yield Problem(code="subnets", path="subnets", problem="is empty", hint="name at least one")

    def make(self, spec: NetworkLoadBalancerSpec, outside: Outside, place: str) -> None:
        """Make it."""
        outside.aws.call(
            "elbv2",
            "create_load_balancer",
            place,
            Name=spec.name,
            Type="network",
            Scheme="internal" if spec.internal else "internet-facing",
            Subnets=sorted(spec.subnets),
            SecurityGroups=sorted(spec.security_groups) or None,
            Tags=ELB.form(self.tags(spec, outside)),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By ARN or name."""
        key = "LoadBalancerArns" if identity.startswith("arn:") else "Names"
        place = self.place(outside, identity)
        found = outside.aws.seek("elbv2", "describe_load_balancers", place, **{key: [identity]})
        return None if found is None else next(iter(found["LoadBalancers"]), None)

    def settle(self, found: Mapping[str, Any], spec: NetworkLoadBalancerSpec, outside: Outside) -> None:
        """Its subnets and attributes; then wait until it works."""
        arn = found["LoadBalancerArn"]
        place, live = self.place(outside, arn), self._attributes(arn, outside)
        if set(_subnets(found)) != set(spec.subnets):
            outside.aws.call("elbv2", "set_subnets", place, LoadBalancerArn=arn, Subnets=sorted(spec.subnets))
        groups = sorted(spec.security_groups)
        if sorted(found.get("SecurityGroups") or ()) != groups:
            outside.aws.call(
                "elbv2", "set_security_groups", place, LoadBalancerArn=arn, SecurityGroups=groups
            )
        wanted = {"crossZone": spec.cross_zone, "deletionProtection": spec.deletion_protection}
        changed = [
            {"Key": ATTRIBUTES[name], "Value": str(value).lower()}
            for name, value in wanted.items()
            if live[name] != value
        ]
        if changed:
            outside.aws.call(
                "elbv2", "modify_load_balancer_attributes", place, LoadBalancerArn=arn, Attributes=changed
            )
        if found.get("State", {}).get("Code") != "active":
            until(lambda: self._active(arn, outside), outside.clock, what=f"{place}: active")

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its subnets and attributes."""
        return {
            "name": found["LoadBalancerName"],
            "subnets": _subnets(found),
            "securityGroups": sorted(found.get("SecurityGroups") or ()),
            "internal": found["Scheme"] == "internal",
            **self._attributes(found["LoadBalancerArn"], outside),
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> NetworkLoadBalancerOutputs:
        """Its names."""
        del outside
        return NetworkLoadBalancerOutputs(
            arn=found["LoadBalancerArn"], dns_name=found["DNSName"], zone_id=found["CanonicalHostedZoneId"]
        )

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it."""
        arn = found["LoadBalancerArn"]
        outside.aws.seek("elbv2", "delete_load_balancer", place, LoadBalancerArn=arn)

    def _attributes(self, arn: str, outside: Outside) -> dict[str, bool]:
        place = self.place(outside, arn)
        answer = outside.aws.call("elbv2", "describe_load_balancer_attributes", place, LoadBalancerArn=arn)
        found = {each["Key"]: each["Value"] == "true" for each in answer["Attributes"]}
        return {name: found.get(key, False) for name, key in ATTRIBUTES.items()}

    def _active(self, arn: str, outside: Outside) -> bool | None:
        found = self.describe(arn, outside) or {}
        return True if found.get("State", {}).get("Code") == "active" else None


def _subnets(found: Mapping[str, Any]) -> list[str]:
    return sorted(zone["SubnetId"] for zone in found["AvailabilityZones"])
