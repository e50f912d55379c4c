"""A hub's network: created over its zones, or an existing one by its ids."""

from dataclasses import dataclass
from ipaddress import ip_network

import pulumi

from edgefleet.fleet import aws
from edgefleet.fleet.hub.wiring import Wiring

EVERYWHERE = "0.0.0.0/0"
BITS = 4
"""A network's block is split into 16: the first eight for public subnets, the others for servers."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where the hub's servers and its load balancer are."""

    vpc: pulumi.Input[str]
    servers: list[pulumi.Input[str]]
    """Ids of subnets, one a zone."""
    public: list[pulumi.Input[str]]
    ready: list[pulumi.Resource]
    """Resources that servers need to reach the Internet."""
    gateways: int
    """NAT gateways, for the cost."""


def network(wiring: Wiring) -> Network:
    """Register the network that the fleet file declares."""
    spec = wiring.hub.network
    if spec.vpc_id is not None:
        servers: list[pulumi.Input[str]] = list(spec.subnets)
        public: list[pulumi.Input[str]] = list(spec.public_subnets or spec.subnets)
        return Network(vpc=spec.vpc_id, servers=servers, public=public, ready=[], gateways=0)
    vpc = aws.Vpc("network", {"cidr": spec.cidr, "tags": wiring.named("network")}, wiring.options())
    internet = aws.InternetGateway(
        "internet", {"vpcId": vpc.id, "tags": wiring.named("internet")}, wiring.options()
    )
    has_addresses = spec.nat == "none"
    public_subnets = _subnets(wiring, vpc, "public", 0, has_addresses=False)
    server_subnets = _subnets(wiring, vpc, "servers", 2 ** (BITS - 1), has_addresses=has_addresses)
    outer = [*public_subnets, *(server_subnets if has_addresses else [])]
    routes = aws.RouteTable(
        "public",
        {
            "vpcId": vpc.id,
            "routes": [{"cidr": EVERYWHERE, "gatewayId": internet.id}],
            "subnets": [subnet.id for subnet in outer],
            "tags": wiring.named("public"),
        },
        wiring.options(),
    )
    ready: list[pulumi.Resource] = [routes]
    gateways = 0
    if not has_addresses:
        groups = _groups(server_subnets, is_single=spec.nat == "single")
        gateways = len(groups)
        for index, group in enumerate(groups):
            ready.append(_private(wiring, vpc, public_subnets[index], group, f"{index}"))
    return Network(
        vpc=vpc.id,
        servers=[subnet.id for subnet in server_subnets],
        public=[subnet.id for subnet in public_subnets],
        ready=ready,
        gateways=gateways,
    )


def _subnets(wiring: Wiring, vpc: aws.Vpc, name: str, first: int, *, has_addresses: bool) -> list[aws.Subnet]:
    spec = wiring.hub.network
    blocks = list(ip_network(spec.cidr).subnets(prefixlen_diff=BITS))
    subnets = []
    for index, zone in enumerate(spec.zones):
        args: aws.SubnetArgs = {
            "vpcId": vpc.id,
            "cidr": str(blocks[first + index]),
            "zone": wiring.zone(zone),
            "publicAddresses": has_addresses,
            "tags": wiring.named(f"{name}-{zone}"),
        }
        subnets.append(aws.Subnet(f"{name}-{zone}", args, wiring.options()))
    return subnets


def _groups(subnets: list[aws.Subnet], *, is_single: bool) -> list[list[aws.Subnet]]:
    """Subnets that share a NAT gateway."""
    return [subnets] if is_single else [[subnet] for subnet in subnets]


def _private(
    wiring: Wiring, vpc: aws.Vpc, stands_in: aws.Subnet, subnets: list[aws.Subnet], name: str
) -> aws.RouteTable:
    """A NAT gateway, and the routes of the subnets that use it."""
    address = aws.ElasticIp(f"nat-{name}", {"tags": wiring.named(f"nat-{name}")}, wiring.options())
    gateway = aws.NatGateway(
        f"nat-{name}",
        {"subnetId": stands_in.id, "allocationId": address.id, "tags": wiring.named(f"nat-{name}")},
        wiring.options(),
    )
    return aws.RouteTable(
        f"private-{name}",
        {
            "vpcId": vpc.id,
            "routes": [{"cidr": EVERYWHERE, "natGatewayId": gateway.id}],
            "subnets": [subnet.id for subnet in subnets],
            "tags": wiring.named(f"private-{name}"),
        },
        wiring.options(),
    )
