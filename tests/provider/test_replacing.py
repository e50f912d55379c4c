"""The order of a replacement and the names that edgefleet chooses: one rule for all kinds."""

from typing import Any

import pytest

from edgefleet.cloud.base import CloudResource
from edgefleet.cloud.bucket import Bucket
from edgefleet.cloud.dns_record import DnsRecord
from edgefleet.cloud.internet_gateway import InternetGateway
from edgefleet.cloud.nat_gateway import NatGateway
from edgefleet.cloud.network_load_balancer import NetworkLoadBalancer
from edgefleet.cloud.server_set import ServerSet, ServerSetSpec
from edgefleet.cloud.subnet import Subnet
from edgefleet.cloud.target_group import TargetGroup
from edgefleet.model.unknown import UNKNOWN, from_known
from edgefleet.provider.claims import Claims
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.replacing import chosen_name

URN = "urn:pulumi:eu::retail::edgefleet:aws:TargetGroup::api"
TARGETS = {"vpcId": "vpc-0a1b2c3d", "port": 80}


@pytest.mark.parametrize(
    ("kind", "old", "new", "collides"),
    [
        (TargetGroup(), {"name": "a", "port": 80}, {"name": "a", "port": 81}, True),
        (TargetGroup(), {"name": "a"}, {"name": "b"}, False),
        (TargetGroup(), {"name": "a"}, {"name": UNKNOWN}, False),
        (TargetGroup(), {"name": "a"}, {"name": "a", "region": "eu-west-1"}, False),
        (NatGateway(), {"connectivity": "private", "subnetId": "a"}, {"subnetId": "b"}, False),
        (NatGateway(), {"allocationId": "a", "subnetId": "a"}, {"allocationId": "a", "subnetId": "b"}, True),
        (DnsRecord(), {"zoneId": "Z", "name": "A.b.", "type": "A"}, {"zoneId": "Z", "name": "a.b"}, True),
        (Subnet(), {"vpcId": "v", "cidr": "10.0.0.0/24"}, {"vpcId": "v", "cidr": "10.0.0.0/25"}, True),
        (Subnet(), {"vpcId": "v", "cidr": "10.0.0.0/24"}, {"vpcId": "v", "cidr": "10.0.1.0/24"}, False),
        (Subnet(), {"vpcId": "v", "cidr": "10.0.0.0/24"}, {"vpcId": UNKNOWN, "cidr": "10.0.0.0/24"}, False),
    ],
)
def test_two_collide_where_both_claim_the_same(
    kind: CloudResource, old: dict[str, Any], new: dict[str, Any], *, collides: bool
) -> None:
    """Without a value nothing is claimed, and what is unknown is another value."""
    assert collides is kind.collides(old, new)


@pytest.mark.parametrize(
    ("kind", "old", "new", "names"),
    [
        (NetworkLoadBalancer(), {"subnets": ["a", "b"]}, {"subnets": ["b", "c"]}, set()),
        (NetworkLoadBalancer(), {"subnets": ["a"]}, {"subnets": [UNKNOWN]}, {"subnets"}),
        (NetworkLoadBalancer(), {"subnets": ["a"]}, {"subnets": UNKNOWN}, {"subnets"}),
        (
            NetworkLoadBalancer(),
            {"subnets": ["a"]},
            {"subnets": ["a"], "securityGroups": ["sg"]},
            {"securityGroups"},
        ),
        (InternetGateway(), {"vpcId": ""}, {"vpcId": "vpc"}, {"-vpcId"}),
    ],
)
def test_what_replaces_may_depend_on_values(
    kind: CloudResource, old: dict[str, Any], new: dict[str, Any], names: set[str]
) -> None:
    """A load balancer in none of its subnets, or with its first security group."""
    lost = {name[1:] for name in names if name.startswith("-")}
    gained = {name for name in names if not name.startswith("-")}
    assert kind.REPLACE_ON - lost | gained == kind.replacing(old, new)


def test_a_chosen_name_follows_from_what_replaces_the_resource() -> None:
    """It repeats, differs for each replacement, and stays while nothing replaces the resource."""
    kind = TargetGroup()
    first = chosen_name(kind, URN, {}, TARGETS)
    other = chosen_name(kind, URN, {**TARGETS, **first}, {**TARGETS, "port": 81})
    assert first == chosen_name(kind, URN, {}, TARGETS) != other
    assert other == chosen_name(kind, URN, {}, {**TARGETS, "port": 81})
    assert first["name"].startswith("eu-api-")
    assert first == chosen_name(kind, URN, {**TARGETS, **first}, {**TARGETS, "healthInterval": 30})
    forced = chosen_name(kind, URN, {**TARGETS, **first}, TARGETS, is_new=True)
    assert first != forced == chosen_name(kind, URN, {**TARGETS, **first}, TARGETS, is_new=True)
    assert forced == chosen_name(kind, URN, {**TARGETS, **forced}, TARGETS)
    assert {"name": "own"} == chosen_name(kind, URN, {**TARGETS, "name": "own"}, TARGETS)
    assert {} == chosen_name(kind, URN, {}, {**TARGETS, "name": "own"})
    assert {"name": UNKNOWN} == chosen_name(kind, URN, {}, {**TARGETS, "vpcId": UNKNOWN})


@pytest.mark.parametrize(
    "kind", [each for each in RESOURCES if each.LONGEST_NAME], ids=lambda kind: kind.TOKEN
)
def test_a_chosen_name_is_one_that_aws_takes(kind: CloudResource) -> None:
    """Of the longest stack and the strangest name, too."""
    for name in ("api", "x" * 90, "internal/_ä.b"):
        urn = f"urn:pulumi:eu-central-1::retail::{kind.TOKEN}::{name}"
        chosen = chosen_name(kind, urn, {}, {})["name"]
        assert len(chosen) <= kind.LONGEST_NAME
        assert chosen.replace("-", "").isalnum()
        assert chosen.isascii()


def test_what_two_resources_claim_is_reported_at_the_input_that_names_it() -> None:
    """A region distinguishes two, but not two buckets: the name of one is unique in all regions."""
    claims = Claims()
    inputs = {"name": "api", "region": "eu-west-1"}
    assert [] == claims.problems(TargetGroup(), URN, inputs)
    assert ["name"] == [problem.path for problem in claims.problems(TargetGroup(), f"{URN}2", inputs)]
    assert [] == claims.problems(TargetGroup(), f"{URN}3", inputs | {"region": "eu-north-1"})
    assert [] == claims.problems(Bucket(), URN, inputs)
    assert ["name"] == [
        problem.path for problem in claims.problems(Bucket(), f"{URN}2", inputs | {"region": "eu-north-1"})
    ]
    claims.clear()
    assert [] == claims.problems(TargetGroup(), URN, {"name": "web"})
    assert ["twice"] == [
        problem.code for problem in claims.problems(TargetGroup(), f"{URN}2", {"name": "web"})
    ]


def test_a_kind_that_is_held_chooses_names_or_claims_none() -> None:
    """Otherwise every replacement of it would be refused."""
    assert [] == [
        each.TOKEN for each in RESOURCES if each.HELD and "name" in each.CLAIMS and not each.LONGEST_NAME
    ]


def test_servers_do_not_move_to_another_network() -> None:
    """Etcd's members would not reach each other; one subnet after the other may be exchanged."""
    inputs = {
        "name": "hub",
        "image": "ami-0a1b2c3d",
        "instanceType": "t3.medium",
        "securityGroups": ["sg-0a1b2c3d"],
        "instanceProfile": "hub",
        "userData": {"init": "a", "join": "b"},
        "marker": "hub.begun",
    }

    def problems(*subnets: object) -> list[str]:
        old, new = (
            from_known(ServerSetSpec, {**inputs, "subnets": list(each)})
            for each in (("subnet-0000000a", "subnet-0000000b"), subnets)
        )
        return [each.path for each in ServerSet().inspect_change(old, new)]

    assert [] == problems("subnet-0000000a", UNKNOWN)
    assert ["subnets"] == problems(UNKNOWN, UNKNOWN)
    assert ["subnets"] == problems("subnet-0000000c")
