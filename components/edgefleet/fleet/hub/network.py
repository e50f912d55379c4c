"""A hub's network: made over its zones, or somebody's own by ids."""

from dataclasses import dataclass
from ipaddress import ip_network

import pulumi

from edgefleet.fleet import aws
from edgefleet.fleet.hub.wiring import Wiring

EVERYWHERE = "0.0.0.0/0"
BITS = 4
"""A network's block is cut into 16: the first eight for what is public, the others for servers."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where the hub's servers and its load balancer are."""

    vpc: pulumi.Input[str]
    servers: list[pulumi.Input[str]]
    """Ids of subnets, one a zone."""
    public: list[pulumi.Input[str]]
    ready: list[pulumi.Resource]
    """What has to be there before a server can reach the outside."""
    gateways: int
    """NAT gateways, for the cost."""


def network(wiring: Wiring) -> Network:
    """The network as the fleet file has it."""
    wanted = wiring.hub.network
    if wanted.vpc_id is not None:
        servers: list[pulumi.Input[str]] = list(wanted.subnets)
        public: list[pulumi.Input[str]] = list(wanted.public_subnets or wanted.subnets)
        return Network(vpc=wanted.vpc_id, servers=servers, public=public, ready=[], gateways=0)
    vpc = aws.Vpc("network", {"cidr": wanted.cidr, "tags": wiring.named("network")}, wiring.options())
    internet = aws.InternetGateway(
        "internet", {"vpcId": vpc.id, "tags": wiring.named("internet")}, wiring.options()
    )
    has_addresses = wanted.nat == "none"
    public_subnets = _subnets(wiring, vpc, "public", 0, has_addresses=False)
    server_subnets = _subnets(wiring, vpc, "servers", 2 ** (BITS - 1), has_addresses=has_addresses)
    outer = [*public_subnets, *(server_subnets if has_addresses else [])]
    routes = aws.RouteTable(
        "public",
        {
            "vpcId": vpc.id,
            "routes": [{"cidr": EVERYWHERE, "gatewayId": internet.id}],
            "subnets": [each.id for each in outer],
            "tags": wiring.named("public"),
        },
        wiring.options(),
    )
    ready: list[pulumi.Resource] = [routes]
    gateways = 0
    if not has_addresses:
        groups = _groups(server_subnets, is_single=wanted.nat == "single")
        gateways = len(groups)
        for index, group in enumerate(groups):
            ready.append(_private(wiring, vpc, public_subnets[index], group, f"{index}"))
    return Network(
        vpc=vpc.id,
        servers=[each.id for each in server_subnets],
        public=[each.id for each in public_subnets],
        ready=ready,
        gateways=gateways,
    )


def _subnets(wiring: Wiring, vpc: aws.Vpc, name: str, first: int, *, has_addresses: bool) -> list[aws.Subnet]:
    wanted = wiring.hub.network
    blocks = list(ip_network(wanted.cidr).subnets(prefixlen_diff=BITS))
    made = []
    for index, zone in enumerate(wanted.zones):
        args: aws.SubnetArgs = {
            "vpcId": vpc.id,
            "cidr": str(blocks[first + index]),
            "zone": wiring.zone(zone),
            "publicAddresses": has_addresses,
            "tags": wiring.named(f"{name}-{zone}"),
        }
        made.append(aws.Subnet(f"{name}-{zone}", args, wiring.options()))
    return made


def _groups(subnets: list[aws.Subnet], *, is_single: bool) -> list[list[aws.Subnet]]:
    """Subnets that share a NAT gateway."""
    return [subnets] if is_single else [[each] for each in subnets]


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
            "subnets": [each.id for each in subnets],
            "tags": wiring.named(f"private-{name}"),
        },
        wiring.options(),
    )
