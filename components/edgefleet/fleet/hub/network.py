"""A hub's network: created over its zones, or an existing one by its ids.

What belongs to a zone is named after it and gets its block by it, never by the position in the list: when
a zone is added, removed or moved, the subnets of the others stay. Zones are a set; their order is irrelevant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network

import pulumi

from edgefleet.fleet import aws
from edgefleet.fleet.hub.wiring import Wiring
from edgefleet.fleet.open_inputs import derived
from edgefleet.model.hub import ZONE_LETTERS, zone_letter

EVERYWHERE = "0.0.0.0/0"
BITS = 4
"""A network's block is split into 16: the first eight for public subnets, the others for servers.

Of each eight, one is for each zone that a region may have, ``a`` to ``h``.
"""


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where the hub's servers and its load balancer are."""

    vpc: pulumi.Input[str]
    servers: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of subnets, one a zone."""
    public: pulumi.Input[Sequence[pulumi.Input[str]]]
    ready: list[pulumi.Resource]
    """Resources that servers need to reach the Internet."""
    gateways: int
    """NAT gateways, for the cost."""


def network(wiring: Wiring) -> Network:
    """Register the network that the fleet file declares."""
    spec = wiring.hub.network
    if spec.vpc_id is not None:
        servers = derived(list, spec.subnets)
        public = derived(list, spec.public_subnets or spec.subnets)
        return Network(vpc=spec.vpc_id, servers=servers, public=public, ready=[], gateways=0)
    vpc = aws.Vpc(
        wiring.child("network"), {"cidr": spec.cidr, "tags": wiring.named("network")}, wiring.options()
    )
    internet = aws.InternetGateway(
        wiring.child("internet"), {"vpcId": vpc.id, "tags": wiring.named("internet")}, wiring.options()
    )
    has_addresses = spec.nat == "none"
    public_subnets = _subnets(wiring, vpc, "public", 0, has_addresses=False)
    server_subnets = _subnets(wiring, vpc, "servers", 2 ** (BITS - 1), has_addresses=has_addresses)
    outer = [*public_subnets.values(), *(server_subnets.values() if has_addresses else [])]
    routes = aws.RouteTable(
        wiring.child("public"),
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
        ready += [_private(wiring, vpc, public_subnets[zone], group, zone) for zone, group in groups.items()]
    return Network(
        vpc=vpc.id,
        servers=[subnet.id for subnet in server_subnets.values()],
        public=[subnet.id for subnet in public_subnets.values()],
        ready=ready,
        gateways=gateways,
    )


def _subnets(
    wiring: Wiring, vpc: aws.Vpc, name: str, first: int, *, has_addresses: bool
) -> dict[str, aws.Subnet]:
    """dict[letter of the zone -> its subnet], in order of letters."""
    spec = wiring.hub.network
    subnets = {}
    for zone in sorted(spec.zones, key=zone_letter):
        letter = zone_letter(zone)
        args: aws.SubnetArgs = {
            "vpcId": vpc.id,
            "cidr": derived(_block, spec.cidr, first + ZONE_LETTERS.index(letter)),
            "zone": wiring.zone(zone),
            "publicAddresses": has_addresses,
            "tags": wiring.named(f"{name}-{letter}"),
        }
        subnets[letter] = aws.Subnet(wiring.child(f"{name}-{letter}"), args, wiring.options())
    return subnets


def _block(cidr: str, number: int) -> str:
    return str(list(ip_network(cidr).subnets(prefixlen_diff=BITS))[number])


def _groups(subnets: dict[str, aws.Subnet], *, is_single: bool) -> dict[str, list[aws.Subnet]]:
    """dict[zone of a NAT gateway -> subnets that share it]."""
    if is_single:
        return {min(subnets): list(subnets.values())}
    return {zone: [subnet] for zone, subnet in subnets.items()}


def _private(
    wiring: Wiring, vpc: aws.Vpc, stands_in: aws.Subnet, subnets: list[aws.Subnet], name: str
) -> aws.RouteTable:
    """A NAT gateway, and the routes of the subnets that use it."""
    address = aws.ElasticIp(
        wiring.child(f"nat-{name}"), {"tags": wiring.named(f"nat-{name}")}, wiring.options()
    )
    gateway = aws.NatGateway(
        wiring.child(f"nat-{name}"),
        {"subnetId": stands_in.id, "allocationId": address.id, "tags": wiring.named(f"nat-{name}")},
        wiring.options(),
    )
    return aws.RouteTable(
        wiring.child(f"private-{name}"),
        {
            "vpcId": vpc.id,
            "routes": [{"cidr": EVERYWHERE, "natGatewayId": gateway.id}],
            "subnets": [subnet.id for subnet in subnets],
            "tags": wiring.named(f"private-{name}"),
        },
        wiring.options(),
    )
