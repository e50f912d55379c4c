"""Addresses of a site's cluster: what k3s is configured with and other parts of a seed repeat.

Sources: k3s docs, cli/server and basic-network-options; k3s's code, ``util.GetDefaultAddresses``. k3s takes
its default subnets from the family of the server's first address, and does not start where the families of
``cluster-cidr``, ``service-cidr`` and ``node-ip`` differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import combinations
from typing import Any, NamedTuple

from edgefleet.errors import Problem
from edgefleet.model.k3s_config import SUBNETS, USERS
from edgefleet.model.paths import format_path
from edgefleet.model.site import HA, SERVER, Node, SiteSpec
from edgefleet.model.version_skew import release
from edgefleet.runtimes.base.k3s_keys import Place, listed, written

PODS, SERVICES = SUBNETS
OWN_PORTS = frozenset((2379, 2380, 2381, 2382, 5001, 6444, 10010, *range(10248, 10260)))
"""TCP ports of k3s besides that of its API (k3s docs, installation/requirements)."""
FALLBACK: Mapping[int, str] = {4: "203.0.113.254", 6: "2001:db8::254"}
"""dict[family -> the address of a node that has none yet] (RFC 5737 and 3849: no network has it)."""
REPEATED: Mapping[str, Mapping[str, str]] = {
    "kubelet-arg": {
        "cluster-dns": "set k3s.config.cluster-dns",
        "cluster-domain": "set k3s.config.cluster-domain",
        "hostname-override": "set the node's hostname",
        "node-ip": "set the node's network.address",
        "port": "remove it: the API and the firewall use 10250",
        "root-dir": "remove it: other programs of the node use /var/lib/kubelet",
    },
    "kube-apiserver-arg": {
        "advertise-address": "set k3s.config.advertise-address",
        "secure-port": "set k3s.config.https-listen-port",
        "service-cluster-ip-range": "set k3s.config.service-cidr",
        "service-node-port-range": "set k3s.config.service-node-port-range",
    },
    "kube-controller-manager-arg": {
        "cluster-cidr": "set k3s.config.cluster-cidr",
        "service-cluster-ip-range": "set k3s.config.service-cidr",
    },
    "kube-proxy-arg": {"cluster-cidr": "set k3s.config.cluster-cidr"},
    "etcd-arg": {
        "data-dir": "remove it: snapshots and the node's checks use k3s's own folder",
        "listen-client-urls": "remove it: servers use 2379",
        "listen-peer-urls": "remove it: servers use 2380",
    },
}
"""dict[key of config.yaml -> dict[flag -> how to set it]]: values that the rest of a seed states too."""

PREFIXES: Mapping[str, Mapping[int, tuple[int, int]]] = {
    PODS: {4: (8, 24), 6: (48, 64)},
    SERVICES: {4: (8, 28), 6: (48, 124)},
}
"""dict[key -> dict[family -> prefix of the widest and of the narrowest subnet]]: a node takes a /24 or a /64
of the pods', of 16 bits at most (kubernetes, pkg/controller/nodeipam)."""
ALLOCATORS = 34
"""The minor release from which the API server has no limit of 20 bits for services (kubernetes,
cmd/kube-apiserver/app/options, feature gate DisableAllocatorDualWrite)."""
LIMITED: Mapping[int, int] = {4: 12, 6: 108}
"""dict[family -> prefix of the widest subnet of services before that]."""
_PRIVATE = {
    4: (
        *(f"10.{number}.0.0/16" for number in range(82, 255)),
        *(f"172.{number}.0.0/16" for number in range(16, 32)),
        "192.168.0.0/16",
    ),
    6: tuple(f"fd{number:x}::/32" for number in range(0x52, 0xFF)),
}
"""dict[family -> networks that a hint may name] (RFC 1918, RFC 4193)."""


@lru_cache
def _network(text: str) -> IPv4Network | IPv6Network:
    """`text`, parsed once: most sites have the same subnets."""
    return ip_network(text)


class Range(NamedTuple):
    """A range of addresses that a node knows."""

    path: str
    whose: str
    network: IPv4Network | IPv6Network
    link: tuple[str, ...] | None = None
    """The link whose LAN it is, below a node's network."""
    nodes: frozenset[str] = frozenset()
    """The nodes with that link."""
    is_elsewhere: bool = False
    """Whether nodes reach it by a route; a route that is wider than a node's own range does no harm to it."""


def servers_of(site: SiteSpec) -> dict[str, Node]:
    """dict[name -> node] of those that serve the site's Kubernetes API, the first server first, then by name.

    The order of nodes in a spec is not that of the file: Pulumi's maps have none.
    """
    names = sorted(site.nodes, key=lambda name: (name != site.k3s.first, name))
    return {name: site.nodes[name] for name in names if site.nodes[name].runtime in (SERVER, HA)}


def server_of(site: SiteSpec) -> Node:
    """The first server of the site; the first node by name at a site that lacks one."""
    return next(iter(servers_of(site).values()), None) or site.nodes[min(site.nodes)]


def ranges(site: SiteSpec, key: str) -> tuple[str, ...]:
    """The subnets of one key of `SUBNETS`: one, or one of each family, the preferred one first."""
    if key in site.k3s.config:
        return listed(site.k3s.config[key])
    first = next(iter(server_of(site).network.interfaces), None)
    return (SUBNETS[key][first.version if first is not None else 4],)


def node_ips(site: SiteSpec, node: Node) -> tuple[str, ...]:
    """The first address of `node` in each family of the cluster; none where it asks DHCP."""
    own = _first(node)
    return tuple(own[family] for family in _families(ranges(site, PODS)) if family in own)


def fallback_ips(site: SiteSpec, node: Node) -> tuple[str, ...]:
    """The address of `node` in each family of the cluster while it has no route in that family."""
    return tuple({**FALLBACK, **_first(node)}[family] for family in _families(ranges(site, PODS)))


def _first(node: Node) -> dict[int, str]:
    return {interface.version: str(interface.ip) for interface in reversed(node.network.interfaces)}


def api_service(site: SiteSpec) -> str:
    """The address of the API for containers, as in a URL; empty where k3s does not provide it."""
    if site.k3s.config.get("disable-kube-proxy") is True:
        return ""
    address = _network(ranges(site, SERVICES)[0])[1]
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004


def api_url(site: SiteSpec, name: str) -> str:
    """The URL of the API at a node's address or host name."""
    return f"https://{f'[{name}]' if ':' in name else name}:{api_port(site)}"


def api_port(site: SiteSpec) -> int:
    """The port of the site's Kubernetes API."""
    return int(str(site.k3s.config.get("https-listen-port", 6443)))


def domain(site: SiteSpec) -> str:
    """The DNS domain of the site's services."""
    return str(site.k3s.config.get("cluster-domain", "cluster.local"))


def _ssh(site: SiteSpec) -> Iterator[Problem]:
    for path, settings in site.parts:
        if (port := settings.ssh.port) in OWN_PORTS or port == api_port(site):
            problem, hint = f"port {port} is one of k3s's", "use another port, such as 2222"
            yield Problem.of_value(f"{path}ssh.port", "port-taken", problem, hint)


def check(site: SiteSpec) -> Iterator[Problem]:
    """Addresses and ports with which k3s does not start, or the node's network does not work."""
    yield from _ssh(site)
    yield from [*_mixed(site)] or _missing(site)
    yield from [*_sizes(site)] or _dns(site)
    yield from _overlaps(site)
    for path, config in written(site):
        yield from _repeated(path, config)


def _repeated(path: Place, config: Mapping[str, Any]) -> Iterator[Problem]:
    for key, value in config.items():
        flags = REPEATED.get(key.rstrip("+"), {})
        for argument in listed(value) if flags else ():
            flag = argument.lstrip("-").partition("=")[0]
            if flag in flags:
                problem = f"{flag} is a value that other parts of the node repeat"
                where = format_path((*path, key))
                yield Problem.of_value(where, "repeated-k3s-config", problem, flags[flag])


def _mixed(site: SiteSpec) -> Iterator[Problem]:
    families = {key: _families(ranges(site, key)) for key in SUBNETS}
    for key, own in families.items():
        if len(set(own)) < len(own):
            problem = f"{key} has two networks of one family"
            hint = "write one network, or one of each family"
            yield Problem.of_value(_config(key), "k3s-families", problem, hint)
            return
    pods, services = families.values()
    if set(pods) != set(services):
        possible = {*_first(server_of(site))} or {4, 6}
        keys = sorted(SUBNETS, key=lambda name: (possible >= {*families[name]}, name in site.k3s.config))
        to_change, right = keys
        problem = f"{PODS} has {_words(pods)} and {SERVICES} has {_words(services)}, with which k3s ends"
        same = ",".join(SUBNETS[to_change][family] for family in families[right])
        where = _config(to_change if to_change in site.k3s.config else right)
        yield Problem.of_value(where, "k3s-families", problem, f"set k3s.config.{to_change}: {same!r}")


def _missing(site: SiteSpec) -> Iterator[Problem]:
    families = _families(ranges(site, PODS))
    for name, node in site.nodes.items():
        own = {interface.version for interface in node.network.interfaces}
        lacking = [family for family in dict.fromkeys(families) if family not in own]
        if not own or not lacking:
            continue
        path = path_of_address(name)
        problem = (
            f"{name} has no {_words(lacking)} address, and the site's containers have {_words(families)}"
        )
        hint = (
            "add one to network.extraAddresses, or write cluster-cidr and service-cidr of the node's family"
        )
        yield Problem.of_value(path, "node-family", problem, hint)


def path_of_address(node: str) -> str:
    """Path of the address of a node in its site's spec."""
    return format_path(("nodes", node, "network", "address"))


def _sizes(site: SiteSpec) -> Iterator[Problem]:
    """Subnets with which the node IPAM controller or k3s itself ends."""
    arguments = listed(site.k3s.config.get("kube-controller-manager-arg", ()))
    is_own = any("node-cidr-mask-size" in argument for argument in arguments)
    for key, bounds in PREFIXES.items():
        for subnet in ranges(site, key):
            network, is_pods = _network(subnet), key == PODS
            widest, narrowest = bounds[network.version]
            if is_pods:
                narrowest -= (len(site.nodes) - 1).bit_length()
            elif release(site.k3s.version).minor < ALLOCATORS:
                widest = LIMITED[network.version]
            if widest <= network.prefixlen <= narrowest or (is_own and is_pods):
                continue
            what = "a subnet for each node" if is_pods else "services, whose tenth address k3s gives to DNS"
            hint = f"write /{widest} to /{narrowest}, such as {SUBNETS[key][network.version]}"
            yield Problem.of_value(_config(key), "k3s-size", f"{subnet} has not the size for {what}", hint)


def _dns(site: SiteSpec) -> Iterator[Problem]:
    for address in listed(site.k3s.config["cluster-dns"]) if "cluster-dns" in site.k3s.config else ():
        services = ranges(site, SERVICES)
        if not any(ip_address(address) in _network(subnet) for subnet in services):
            problem = f"{address} is outside the addresses of services, {', '.join(services)}"
            hint = f"write an address inside, such as {_network(services[0])[10]}, or remove cluster-dns"
            yield Problem.of_value(_config("cluster-dns"), "cluster-dns", problem, hint)


def _overlaps(site: SiteSpec) -> Iterator[Problem]:
    known = [*_known(site)]
    for one, other in combinations(known, 2):
        if not _collide(one, other):
            continue
        problem = f"{one.network}, {one.whose}, overlaps {other.network}, {other.whose}"
        yield Problem.of_value(one.path, "overlap", problem, "choose others" + _instead(site, other, known))


def _instead(site: SiteSpec, taken: Range, known: Sequence[Range]) -> str:
    """The end of a hint: what to write in the place of `taken`, if anything of its size is free."""
    if (free := _free(taken, known)) is None:
        return ""
    value = str(free) if taken.link is None else f"{next(free.hosts())}/{free.prefixlen}"
    for key in SUBNETS:
        if taken.path == _config(key):  # the network of the other family stays
            subnets = ranges(site, key)
            value = ",".join(value if _network(subnet) == taken.network else subnet for subnet in subnets)
    return f", or set {taken.path}: {value}"


def _known(site: SiteSpec) -> Iterator[Range]:
    """Every range that a node of the site knows; LANs first, each once."""
    yield from _lans(site)
    yield from {destination.network: destination for destination in _elsewhere(site)}.values()
    if site.break_glass.wireguard is not None:
        network = _network(site.break_glass.wireguard.network)
        yield Range("breakGlass.wireguard.network", "the tunnel of breakGlass", network)
    for key in SUBNETS:
        for subnet in ranges(site, key):
            yield Range(_config(key), f"the addresses of {USERS[key]}", _network(subnet))


def _lans(site: SiteSpec) -> Iterator[Range]:
    """The LANs of each link, each once with all of its nodes."""
    lans: dict[tuple[tuple[str, ...], IPv4Network | IPv6Network], Range] = {}
    for name, node in site.nodes.items():
        for path, link in node.network.every.items():
            for index, interface in enumerate(link.interfaces):
                place = (
                    ("address",)
                    if index == 0 and link.is_static
                    else ("extraAddresses", index - link.is_static)
                )
                where = format_path(("nodes", name, "network", *path, *place))
                whose = f"the LAN of {path[-1]}" if path else "the LAN"
                lan = lans.setdefault((path, interface.network), Range(where, whose, interface.network, path))
                lans[path, interface.network] = lan._replace(nodes=lan.nodes | {name})
    yield from lans.values()


def _elsewhere(site: SiteSpec) -> Iterator[Range]:
    """Name servers, and destinations of static routes."""
    for name, node in site.nodes.items():
        for path, link in node.network.every.items():
            base = ("nodes", name, "network", *path)
            for index, server in enumerate(link.dns):
                where = format_path((*base, "dns", index))
                yield Range(where, "a name server", _network(server), is_elsewhere=True)
            for index, route in enumerate(link.routes):
                where = format_path((*base, "routes", index, "to"))
                yield Range(where, f"reached over {route.via}", _network(route.to), is_elsewhere=True)


def _collide(one: Range, other: Range) -> bool:
    """Whether packets to one range would go astray because of the other."""
    if one.network.version != other.network.version or not one.network.overlaps(other.network):
        return False
    if one.link is not None and other.link is not None:
        return one.link != other.link and bool(one.nodes & other.nodes)
    if not one.is_elsewhere and not other.is_elsewhere:
        return True
    elsewhere, own = (one, other) if one.is_elsewhere else (other, one)
    is_own = own.link is None and not own.is_elsewhere
    return is_own and elsewhere.network.prefixlen >= own.network.prefixlen


def _free(taken: Range, known: Sequence[Range]) -> IPv4Network | IPv6Network | None:
    """A private network of the size of `taken` that overlaps none of `known`; `None` where none is free."""
    version = taken.network.version
    same = [item.network for item in known if item.network.version == version]
    for candidate in map(ip_network, _PRIVATE[version]):
        network = ip_network((candidate.network_address, max(taken.network.prefixlen, candidate.prefixlen)))
        if not any(network.overlaps(item) for item in same):
            return network
    return None


def _families(subnets: Sequence[str]) -> tuple[int, ...]:
    return tuple(_network(subnet).version for subnet in subnets)


def _words(families: Sequence[int]) -> str:
    return " and ".join(f"IPv{family}" for family in dict.fromkeys(families))


def _config(key: str) -> str:
    return format_path(("k3s", "config", key))
