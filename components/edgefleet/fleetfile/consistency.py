"""Consistency between values: inside a node's network, inside a site, and across the fleet.

Addresses are unique in the whole fleet, so that an address (in logs, over the VPN to the hub) identifies a
node. A fleet whose sites share one private subnet, each behind its own router, sets
``uniqueAddresses: site``. Hardware addresses and host names are always unique.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from edgefleet.errors import Problem
from edgefleet.fleetfile.hardware_checks import check_hardware
from edgefleet.fleetfile.provenance import Membership
from edgefleet.images.media_checks import check_media
from edgefleet.model.addresses import Address, Interface, parsed_address, parsed_interface
from edgefleet.model.network import Network
from edgefleet.model.paths import Part, format_path
from edgefleet.model.safety import RESCUE
from edgefleet.model.site import Node, SiteSpec
from edgefleet.runtimes import RUNTIMES, runtime_of

HOSTNAME_LIMIT = 63
K = TypeVar("K")


@dataclass(slots=True)
class Owners:
    """The owners of unique values so far, over all sites."""

    unique: Literal["fleet", "site"] = "fleet"
    addresses: dict[tuple[str, Address], tuple[str, str]] = field(default_factory=dict)
    macs: dict[str, tuple[str, str]] = field(default_factory=dict)
    hostnames: dict[str, tuple[str, str]] = field(default_factory=dict)

    def check(self, site: SiteSpec) -> Iterator[Problem]:
        """Values of `site` that another site, or another of its nodes, already has."""
        scope = site.name if self.unique == "site" else ""
        for name, node in site.nodes.items():
            owner = (site.name, name if len(site.nodes) > 1 else "")
            base: tuple[Part, ...] = ("nodes", name)
            for path, address in _addresses(node.network):
                first = _first(self.addresses, (scope, parsed_interface(address).ip), owner)
                if first:
                    yield _taken((*base, "network", *path), "address", address, _whose(first, owner))
            if node.network.mac is not None and (first := _first(self.macs, node.network.mac, owner)):
                yield _taken((*base, "network", "mac"), "mac", node.network.mac, _whose(first, owner))
            if first := _first(self.hostnames, node.hostname, owner):
                yield _taken((*base, "hostname"), "hostname", node.hostname, _whose(first, owner))


def _first(owners: dict[K, tuple[str, str]], key: K, owner: tuple[str, str]) -> tuple[str, str] | None:
    """The owner of `key`; `None` if it was free, and `owner` gets it."""
    if key in owners:
        return owners[key]
    owners[key] = owner
    return None


_TAKEN_HINTS = {
    "address": "give each node its own address, or set uniqueAddresses: site where sites reuse one subnet",
    "mac": "give each node the hardware address on its own label",
    "hostname": "give each node its own hostname",
}


def _taken(path: Iterable[Part], kind: str, value: str, whose: str) -> Problem:
    return Problem(
        path=format_path(path),
        code=f"duplicate-{kind}",
        problem=f"{value} is already {whose}",
        hint=_TAKEN_HINTS[kind],
    )


def _whose(first: tuple[str, str], owner: tuple[str, str]) -> str:
    if first[0] == owner[0]:
        return f"{first[1] or 'this node'}'s"
    return f"{first[0]}'s" if not first[1] else f"{first[0]}'s {first[1]}'s"


def _addresses(network: Network) -> Iterator[tuple[tuple[Part, ...], str]]:
    if network.address is not None:
        yield ("address",), network.address
    for index, address in enumerate(network.extra_addresses):
        yield ("extraAddresses", index), address


def check_site(site: SiteSpec) -> Iterator[Problem]:
    """Inconsistencies inside `site`."""
    yield from _roles(site)
    yield from check_media(site)
    yield from check_hardware(site)
    for check in dict.fromkeys(runtime_of(node).check for node in site.nodes.values()):
        yield from check(site)
    yield from _users(site)
    for name, node in site.nodes.items():
        for problem in _node(node):
            yield replace(problem, path=format_path(("nodes", name)) + "." + problem.path)


def _roles(site: SiteSpec) -> Iterator[Problem]:
    servers = [name for name, node in site.nodes.items() if runtime_of(node).runs_api]
    if len(servers) != 1:
        problem = (
            f"{len(servers)} nodes are servers: {', '.join(servers)}" if servers else "no node is a server"
        )
        yield Problem(
            path="nodes",
            code="servers",
            problem=problem,
            hint="make exactly one the server and the others agents",
        )
    elif len(site.nodes) > 1 and not site.nodes[servers[0]].network.is_static:
        yield Problem(
            path=f"nodes.{servers[0]}.network.address",
            code="server-without-address",
            problem=f"{servers[0]} is the server that agents join, but it asks DHCP for an address",
            hint="give it a static address",
        )


def _users(site: SiteSpec) -> Iterator[Problem]:
    if site.break_glass.console and any(user.name == RESCUE for user in site.users):
        yield Problem(
            path=format_path(("users", RESCUE)),
            code="reserved-user",
            problem=f"{RESCUE} is the user of the console, who has no keys",
            hint="rename this user, or remove breakGlass.console",
        )


def _node(node: Node) -> Iterator[Problem]:
    if len(node.hostname) > HOSTNAME_LIMIT:
        yield Problem(
            path="hostname",
            code="bad-name",
            problem=f"{node.hostname} has {len(node.hostname)} characters, {HOSTNAME_LIMIT} are allowed",
            hint="give the node a shorter hostname",
        )
    yield from _interface(node.network)
    yield from _gateway(node.network)


def _interface(network: Network) -> Iterator[Problem]:
    if network.wifi is not None and (network.bond is not None or network.vlan is not None):
        other = "bond" if network.bond is not None else "vlan"
        yield Problem(
            path=f"network.{other}",
            code="wifi-conflict",
            problem=f"a node with wifi has no {other}",
            hint=f"remove wifi or {other}",
        )
    if network.wifi is not None:
        yield from _wifi(network)
    if network.bond is not None and network.mac is not None:
        yield Problem(
            path="network.mac",
            code="bond-conflict",
            problem="a bond finds its ports by their names, not by a hardware address",
            hint="remove mac or bond",
        )
    if network.bond is not None and len(set(network.bond.interfaces)) < len(network.bond.interfaces):
        yield Problem(
            path="network.bond.interfaces",
            code="bond-conflict",
            problem="a port appears twice in this bond",
            hint="name each port once",
        )


def _wifi(network: Network) -> Iterator[Problem]:
    """Reject what Netplan rejects: `match` for a wireless interface under networkd."""
    if network.mac is not None:
        yield Problem(
            path="network.mac",
            code="wifi-conflict",
            problem="a wireless interface is found by its name, not by a hardware address",
            hint="remove mac, and name the interface in network.interface unless it is wlan0",
        )
    if network.interface is not None and set(network.interface) & set("*?[]!"):
        yield Problem(
            path="network.interface",
            code="wifi-conflict",
            problem=f"{network.interface} is not an exact name, which a wireless interface needs",
            hint="write the kernel's name such as wlan0",
        )


def _gateway(network: Network) -> Iterator[Problem]:
    own = network.interfaces
    if network.gateway is None and network.gateway6 is None and network.is_static:
        yield Problem(
            path="network.address",
            code="no-gateway",
            problem=f"{network.address} is static but there is no gateway",
            hint="add network.gateway to the site or its group: k3s does not start without a route",
        )
    if network.gateway is not None:
        yield from _one_gateway("gateway", network.gateway, own)
    if network.gateway6 is not None:
        yield from _families(network)
        yield from _one_gateway("gateway6", network.gateway6, own)


def _families(network: Network) -> Iterator[Problem]:
    for key, gateway, version in (("gateway", network.gateway, 4), ("gateway6", network.gateway6, 6)):
        if gateway is not None and parsed_address(gateway).version != version:
            yield Problem(
                path=f"network.{key}",
                code="gateway-family",
                problem=f"{gateway} is not an IPv{version} address",
                hint="beside gateway6, gateway is the one for IPv4; a node of one family has gateway alone",
            )


def _one_gateway(key: str, address: str, own: tuple[Interface, ...]) -> Iterator[Problem]:
    gateway = parsed_address(address)
    if not own:
        yield Problem(
            path=f"network.{key}",
            code="gateway-without-address",
            problem=f"{gateway} is the gateway of a node that asks DHCP, which names a gateway itself",
            hint="add network.address, or remove the gateway",
        )
    elif any(gateway == interface.ip for interface in own):
        yield Problem(
            path=f"network.{key}",
            code="gateway-is-node",
            problem=f"{gateway} is the node itself",
            hint="write the router's address",
        )
    elif not any(gateway in interface.network for interface in own) and not (
        key == "gateway6" and gateway.is_link_local
    ):
        networks = ", ".join(sorted({str(interface.network) for interface in own}))
        yield Problem(
            path=f"network.{key}",
            code="gateway-outside",
            problem=f"the gateway {gateway} is outside {networks}",
            hint="write a gateway inside the subnet, or correct the address or its prefix length",
        )


def too_small(profile: str, written: Mapping[str, Any], role: str) -> Problem | None:
    """Why nodes of a profile cannot have `role`; `None` if they can."""
    runtime = RUNTIMES[role]
    minimum = runtime.minimum
    if written["cpus"] >= minimum.cpus and written["memory"] >= minimum.memory:
        return None
    key = "cpus" if written["cpus"] < minimum.cpus else "memory"
    has = f"{written['cpus']} core{'s'[: written['cpus'] > 1]} and {written['memory'] / 1000**3:.2f} GB"
    return Problem(
        path=f"profiles.{profile}.{key}",
        code="too-small",
        problem=f"{profile} has {has}; k3s needs at least {minimum.words} for {runtime.title}",
        hint="use larger nodes, or make these agents of a server at the same site",
    )


def roles_used(site: SiteSpec, member: Membership) -> Iterator[tuple[str, str]]:
    """(profile, role) of each node of `site`."""
    for name, node in site.nodes.items():
        yield member.nodes[name], node.role
