"""A hub's servers behind one address: security groups, load balancer, name, and the server set."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pulumi

from edgefleet.fleet import aws
from edgefleet.fleet.hub.identity import Identity
from edgefleet.fleet.hub.network import EVERYWHERE, Network
from edgefleet.fleet.hub.wiring import Wiring
from edgefleet.fleet.open_inputs import derived
from edgefleet.hub.upgrades import ARCH
from edgefleet.hub.user_data import HubBoot, parameters_path, user_data_of
from edgefleet.model.hub import GIB, Hub, HubDns, HubIdentity, HubSnapshots
from edgefleet.runtimes.base.k3s import BINARIES

API_PORT = 6443
AMONG_SERVERS = (
    {"fromPort": API_PORT, "description": "Kubernetes API"},
    {"fromPort": 2379, "toPort": 2380, "description": "etcd"},
    {"fromPort": 10250, "description": "kubelet"},
    {"fromPort": 8472, "protocol": "udp", "description": "flannel"},
)
"""Ports between servers (k3s docs, installation/requirements)."""


def servers(
    wiring: Wiring, network: Network, identity: Identity, *, after: Sequence[pulumi.Resource]
) -> aws.ServerSet:
    """Register them; the first one starts after the resources in `after`."""
    front, back = _groups(wiring, network)
    targets = aws.TargetGroup(
        wiring.child("api"),
        {"vpcId": network.vpc, "port": API_PORT, "tags": wiring.tags},
        wiring.options(),
    )
    balancer = aws.NetworkLoadBalancer(
        wiring.child("api"),
        {
            "name": wiring.hub.balancer or wiring.short,
            "subnets": network.public,
            "securityGroups": [front.id],
            "crossZone": True,
            "tags": wiring.tags,
        },
        wiring.options(depends_on=network.ready),
    )
    listener = aws.Listener(
        wiring.child("api"),
        {"loadBalancer": balancer.id, "port": API_PORT, "targetGroup": targets.id, "tags": wiring.tags},
        wiring.options(),
    )
    named = _name(wiring, network, balancer)
    ready = [*network.ready, *identity.ready, *after, listener, *named]
    return aws.ServerSet(
        wiring.child("servers"),
        _server_args(wiring, network, identity, (back, targets)),
        wiring.options(depends_on=ready, holds_data=True),
    )


def _groups(wiring: Wiring, network: Network) -> tuple[aws.SecurityGroup, aws.SecurityGroup]:
    """Security groups: of the load balancer, and of the servers, which admit it and each other."""
    out: list[aws.SecurityRule] = [{"protocol": "-1", "cidr": EVERYWHERE}]
    front = aws.SecurityGroup(
        wiring.child("api"),
        {
            "vpcId": network.vpc,
            "name": derived("{}-api".format, wiring.prefix),
            "description": "Kubernetes API of the hub",
            "ingress": derived(_admitted, wiring.hub.access),
            "egress": out,
            "tags": wiring.named("api"),
        },
        wiring.options(),
    )
    inner: list[aws.SecurityRule] = [{**rule, "securityGroup": "self"} for rule in AMONG_SERVERS]  # type: ignore[typeddict-item]  # the rules are of its shape
    back = aws.SecurityGroup(
        wiring.child("servers"),
        {
            "vpcId": network.vpc,
            "name": derived("{}-servers".format, wiring.prefix),
            "description": "Servers of the hub",
            "ingress": [{"fromPort": API_PORT, "securityGroup": front.id}, *inner],
            "egress": out,
            "tags": wiring.named("servers"),
        },
        wiring.options(),
    )
    return front, back


def _admitted(access: Sequence[str]) -> list[dict[str, Any]]:
    """A rule for each network in `access`."""
    return [{"fromPort": API_PORT, "cidr": cidr} for cidr in access]


def _name(wiring: Wiring, network: Network, balancer: aws.NetworkLoadBalancer) -> list[pulumi.Resource]:
    """The DNS record of the hub, if edgefleet manages its zone."""
    dns = wiring.hub.dns
    if dns is None or (dns.zone_id is None and dns.zone is None):
        return []
    zone: pulumi.Input[str] = dns.zone_id or ""
    resources: list[pulumi.Resource] = []
    if dns.zone is not None:
        hosted = aws.HostedZone(
            wiring.child("zone"),
            {"name": dns.zone, "vpcs": [network.vpc], "tags": wiring.tags},
            wiring.options(),
        )
        zone = hosted.id
        resources.append(hosted)
    target: aws.DnsAlias = {"dnsName": balancer.dnsName, "zoneId": balancer.zoneId}
    record = aws.DnsRecord(
        wiring.child("name"),
        {"zoneId": zone, "name": dns.name, "type": "A", "alias": target},
        wiring.options(),
    )
    return [*resources, record]


def _server_args(
    wiring: Wiring, network: Network, identity: Identity, ends: tuple[aws.SecurityGroup, aws.TargetGroup]
) -> "aws.ServerSetArgs":
    hub, (group, targets) = wiring.hub, ends
    volume: aws.ServerVolume = {
        "size": derived(lambda size: size // GIB, hub.volume.size),
        "type": hub.volume.type,
    }
    if hub.volume.iops is not None:
        volume["iops"] = hub.volume.iops
    fleet: Any = wiring.fleet
    region: Any = wiring.region
    boot = HubBoot(
        fleet=fleet,
        region=region,
        aws_region=wiring.aws_region,
        recipe=wiring.recipe,
        hub=_booted(hub),
        k3s_sha256=derived(lambda pins: pins.get(BINARIES[ARCH], ""), wiring.pins),
    )
    return {
        "name": wiring.prefix,
        "image": hub.image or "",
        "instanceType": hub.instance_type,
        "subnets": network.servers,
        "securityGroups": [group.id],
        "instanceProfile": identity.profile.id,
        "userData": derived(user_data_of, boot),
        "rollOn": derived(_rolls_on, boot),
        "k3sVersion": hub.k3s.version,
        "marker": wiring.of_place(lambda fleet, region: f"{parameters_path(fleet, region)}-begun"),
        "targetGroups": [targets.id],
        "servers": hub.servers,
        "volume": volume,
        "tags": wiring.named("server"),
    }


def _booted(hub: Hub) -> Hub:
    """The part of a hub that its servers' user-data is made from: it depends on nothing else."""
    return Hub(
        kind=hub.kind,
        bucket=hub.bucket,
        dns=None if hub.dns is None else HubDns(name=hub.dns.name),
        k3s=hub.k3s,
        snapshots=hub.snapshots,
        identity=HubIdentity(key_generations=hub.identity.key_generations),
    )


def _rolls_on(boot: HubBoot) -> str:
    """Digest of the settings whose change replaces servers.

    It omits the k3s release, key generation and snapshot: a Plan, `rotate` and a restore apply these.
    """
    hub = boot.hub
    still = replace(
        hub,
        k3s=replace(hub.k3s, version="v0"),
        identity=replace(hub.identity, key_generations=(0,)),
        snapshots=HubSnapshots(),
    )
    return hashlib.sha256(user_data_of(replace(boot, hub=still, k3s_sha256=""))["join"].encode()).hexdigest()[
        :16
    ]
