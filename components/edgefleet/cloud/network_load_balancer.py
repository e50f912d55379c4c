"""`edgefleet:aws:NetworkLoadBalancer`: one address for several machines."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field

from edgefleet.cloud.base import Change, Readiness, Table, Tagged, none_stays
from edgefleet.cloud.base.constraints import GroupId, SubnetId
from edgefleet.cloud.base.services import ElbResource, attributes
from edgefleet.model.hub import BalancerName
from edgefleet.model.spec import Unordered, spec

CROSS_ZONE = "load_balancing.cross_zone.enabled"
PROTECTION = "deletion_protection.enabled"


@spec
class NetworkLoadBalancerSpec(Tagged):
    """One address for several machines (Elastic Load Balancing API, CreateLoadBalancer)."""

    name: BalancerName | None = None
    """Name: 32 letters, digits and hyphens at most. By default edgefleet chooses one for each replacement."""
    subnets: Annotated[tuple[SubnetId, ...], Unordered(), Field(min_length=1)]
    """Ids of subnets, one a zone."""
    security_groups: Annotated[tuple[GroupId, ...], Unordered()] = ()
    """Ids of security groups; a load balancer that was created without any cannot get one."""
    internal: bool = False
    """Whether it has addresses inside only."""
    cross_zone: bool = False
    """Whether each of its nodes sends to machines of all zones."""
    deletion_protection: bool = False
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


class NetworkLoadBalancer(ElbResource, spec=NetworkLoadBalancerSpec, outputs=NetworkLoadBalancerOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name", "internal"})
    MAY_REPLACE = frozenset({"subnets", "securityGroups"})
    CLAIMS = ("name",)
    LONGEST_NAME = 32
    ATTRIBUTES = MappingProxyType(
        {"crossZone": (CROSS_ZONE, False), "deletionProtection": (PROTECTION, False)}
    )
    ATTRIBUTE_CALLS = "load_balancer_attributes"
    TABLE = Table(
        create="create_load_balancer",
        read="describe_load_balancers",
        delete="delete_load_balancer",
        answer="LoadBalancers",
        key="LoadBalancerArn",
        settings={
            "name": "LoadBalancerName",
            "securityGroups": "SecurityGroups",
            "subnets": lambda current: sorted(zone["SubnetId"] for zone in current["AvailabilityZones"]),
            "internal": lambda current: current["Scheme"] == "internal",
        },
        besides=lambda spec: {
            "Name": spec.name,
            "Type": "network",
            "Scheme": "internal" if spec.internal else "internet-facing",
            "Subnets": sorted(spec.subnets),
            "SecurityGroups": sorted(spec.security_groups) or None,
        },
        outputs={"arn": "LoadBalancerArn", "dns_name": "DNSName", "zone_id": "CanonicalHostedZoneId"},
        changes=(
            Change(("subnets",), "set_subnets", lambda spec: {"Subnets": sorted(spec.subnets)}),
            Change(
                ("securityGroups",),
                "set_security_groups",
                lambda spec: {"SecurityGroups": sorted(spec.security_groups)},
            ),
            Change(
                ("crossZone", "deletionProtection"),
                "modify_load_balancer_attributes",
                lambda spec: attributes({CROSS_ZONE: spec.cross_zone, PROTECTION: spec.deletion_protection}),
            ),
        ),
        readiness=Readiness(at="State.Code", good="active", bad=frozenset({"failed"})),
    )

    def replacing(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
        """One in another network is another one, and so is one with security groups in place of none."""
        moved = {"subnets"} if none_stays(old["subnets"], new["subnets"]) else set()
        groups = (old.get("securityGroups"), new.get("securityGroups"))
        turned = {"securityGroups"} if bool(groups[0]) is not bool(groups[1]) else set()
        return self.REPLACE_ON | moved | turned
