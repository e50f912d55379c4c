"""Step: a firewall for the node's own sockets and its containers' addresses, as an nftables table.

Ports: k3s docs, installation/requirements. A site of one node needs SSH and the ports that its own
containers use; several nodes also need each other, and nothing else: agents connect outwards, and so does a
site. Traffic to NodePorts and ``servicelb`` is forwarded, not received: Kubernetes filters it.

A packet's source address proves nothing: containers are known by the interface that their packets come in
by. Elsewhere a packet with a container's address, or one whose answer would leave by another interface, is
forged and dropped.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.k3s_config import SUBNETS
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base import k3s_servers
from edgefleet.runtimes.base.k3s_cluster import api_port, ranges
from edgefleet.runtimes.base.k3s_joining import endpoint

PATH = "/etc/edgefleet/firewall.nft"
MINIMAL = "/etc/edgefleet/firewall-minimal.nft"
SCRIPT = "/usr/local/lib/edgefleet/firewall"
SYSCTL = "/etc/sysctl.d/92-edgefleet-firewall.conf"
UNIT = "edgefleet-firewall.service"
FLANNEL = {
    "vxlan": ("udp", "8472"),
    "wireguard-native": ("udp", "51820-51821"),
}
"""dict[flannel's backend -> its ports between nodes]; others route without a port of their own."""
ETCD = ("tcp", "2379-2380")
BRIDGED = ("cni0", "flannel*")
"""Interfaces of containers and of flannel's tunnels between nodes."""
OTHERS = ("cali*", "cilium_*", "lxc*", "tunl0", "vxlan.calico")
"""Interfaces of Calico and Cilium, where ``flannel-backend: none`` leaves the network to one of them."""


class Rule(NamedTuple):
    """One kind of traffic to admit."""

    sources: tuple[str, ...]
    """Addresses and subnets of one family; everywhere where there are none."""
    protocol: str
    ports: str
    comment: str


def plan(target: Target) -> Step:
    """The rulesets, and the unit that loads one before any interface is up; removal if it is turned off."""
    if not target.settings.firewall.enabled:
        files = f"rm -f {PATH} {MINIMAL} {SCRIPT} {SYSCTL}"
        return Step.removal(PATH, f"systemctl disable --now {UNIT}", files)
    runtime = runtime_of(target.node)
    backend = target.site.k3s.config.get("flannel-backend", "vxlan")
    interfaces = (*BRIDGED, *(OTHERS if backend == "none" else ())) if runtime.has_pod_network else ()
    is_tunnelled = backend in FLANNEL or _is_alone(target)
    port = ("tcp", str(target.settings.ssh.port))
    ssh = [*_admitted(target.settings.firewall.ssh_from, port, "SSH, by keys only")]
    minimal = render("safety/firewall.nft.j2", interfaces=interfaces, cluster=None, rules=ssh, tunnel=False)
    text = render(
        "safety/firewall.nft.j2",
        interfaces=interfaces,
        cluster=_families([*_cluster(target)]) if runtime.is_k3s and is_tunnelled else (),
        rules=[*ssh, *_rules(target)],
        tunnel=target.site.break_glass.wireguard is not None,
    )
    return Step(
        files=(
            File.text(PATH, text, mode=0o600),
            File.text(MINIMAL, minimal, mode=0o600),
            File.program(SCRIPT, render("safety/firewall.sh")),
            File.text(SYSCTL, render("safety/rp-filter.conf")),
        ),
        units=(unit(f"safety/{UNIT}"),),
        commands=(("systemctl", "restart", UNIT),),
    )


def _rules(target: Target) -> Iterator[Rule]:
    neighbours = _neighbours(target)
    for ports in _between_nodes(target) if neighbours and runtime_of(target.node).is_k3s else ():
        yield from _admitted(neighbours, ports, "nodes of this site")
    if runtime_of(target.node).runs_api and (others := k3s_servers.others(target)):
        yield from _admitted(others, ETCD, "servers of this site")
    for ports in runtime_of(target.node).opens(target.site):
        yield Rule((), *ports, "exposed by a workload")
    for rule in target.settings.firewall.allow:
        yield from _admitted(rule.from_, (rule.protocol, str(rule.port)), "allowed by the fleet file")


def _admitted(addresses: tuple[str, ...], ports: tuple[str, str], comment: str) -> Iterator[Rule]:
    """A rule for each family of `addresses`, or for everywhere where there are none."""
    for sources in _families(addresses) or ((),):
        yield Rule(sources, *ports, comment)


def _between_nodes(target: Target) -> Iterator[tuple[str, str]]:
    """(protocol, ports) that a node of the site opens to the others."""
    config = target.site.k3s.config
    runs_api = runtime_of(target.node).runs_api
    has_registry = config.get("embedded-registry") is True
    if runs_api or has_registry:
        yield "tcp", str(api_port(target.site))
    if runs_api and target.site.time.serve:
        yield "udp", "123"
    if (backend := str(config.get("flannel-backend", "vxlan"))) in FLANNEL:
        yield FLANNEL[backend]
    yield "tcp", "10250"
    if has_registry:
        yield "tcp", "5001"


def _is_alone(target: Target) -> bool:
    """Whether the node is the only one of its cluster."""
    return len(target.site.nodes) == 1 and target.site.k3s.server is None


def _neighbours(target: Target) -> tuple[str, ...]:
    """Addresses of the site's other nodes; where one asks DHCP, the subnets that the site is in.

    Of a cluster that the site joins: these subnets, and the API's address. The fleet file admits the rest.
    """
    joined = endpoint(target.site)
    known = {name: node.network.interfaces for name, node in target.site.nodes.items()}
    others = {name: addresses for name, addresses in known.items() if name != target.name}
    if target.site.k3s.server is None and all(others.values()):
        return tuple(str(address.ip) for addresses in others.values() for address in addresses)
    subnets = [address.network for addresses in known.values() for address in addresses]
    is_apart = joined is not None and not any(ip_address(joined) in subnet for subnet in subnets)
    return (*map(str, subnets), *([joined] if joined is not None and is_apart else []))


def _cluster(target: Target) -> Iterator[str]:
    """Subnets of the site's containers and services; those of pods alone that keep their address outside."""
    is_masked = target.site.k3s.config.get("flannel-ipv6-masq") is not False
    for subnet in (subnet for key in SUBNETS for subnet in ranges(target.site, key)):
        if is_masked or _is_alone(target) or ip_network(subnet).version == 4:  # noqa: PLR2004
            yield subnet


def _families(addresses: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """`addresses` by family, without families that have none."""
    versions = {address: ip_network(address, strict=False).version for address in addresses}
    families = (tuple(address for address in versions if versions[address] == version) for version in (4, 6))
    return tuple(family for family in families if family)
