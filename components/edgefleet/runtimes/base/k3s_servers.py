"""The servers of a site: one with a database of its own, or three or five that share etcd.

etcd serves while most of its members run: two of three, three of five. How it starts is decided on the node
(``templates/k3s/servers.sh.j2``), as a server that comes back on a new medium must join the others whichever
it is: one that creates a cluster beside theirs would split the site (k3s docs, datastore/ha-embedded; k3s,
pkg/cluster/managed.go and pkg/etcd/etcd.go, ``join``). So config.yaml has neither ``cluster-init`` nor
``server``, with which ``k3s server --cluster-reset`` would end.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgefleet.errors import Problem
from edgefleet.io.templates import render
from edgefleet.model.addresses import Address, parsed_address
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.paths import format_path
from edgefleet.model.site import HA, Node, SiteSpec
from edgefleet.runtimes.base import k3s_cluster, k3s_joining

PROGRAM = "/usr/local/lib/edgefleet/k3s-servers"
DROP_IN = "/etc/systemd/system/k3s.service.d/30-servers.conf"
SEVERAL = (3, 5)
"""Numbers of servers: an even number tolerates the loss of no more than one less."""
CONTRADICTIONS: Mapping[str, str] = {
    "advertise-address": "all servers would have the address of one",
    "cluster-init": "a server on a new medium would create a second cluster",
    "datastore-endpoint": "the servers have their data in etcd, each its own copy",
    "disable-apiserver": "each server serves the API",
    "disable-etcd": "the servers have their data in etcd",
}
"""dict[key of config.yaml -> why it contradicts k3s-ha]."""


def config(target: Target, names: Sequence[str]) -> dict[str, Any]:
    """The settings in config.yaml that servers have, for the names of the certificate of one."""
    config: dict[str, Any] = {
        **k3s_joining.server_tokens(target),
        "tls-san": list(names),
        "write-kubeconfig-mode": "0600",
        "secrets-encryption": True,
        "protect-kernel-defaults": True,
    }
    if target.site.k3s.disable:
        config["disable"] = sorted(target.site.k3s.disable)
    if target.settings.firewall.enabled and any(
        ":" in subnet for subnet in k3s_cluster.ranges(target.site, "cluster-cidr")
    ):
        # As with IPv4: a pod's address on the LAN is then always forged (k3s docs, basic-network-options).
        config["flannel-ipv6-masq"] = True
    return config


def names(target: Target) -> list[str]:
    """The names in the certificate of a server."""
    shared = target.site.k3s.virtual_address
    return [target.node.hostname, *target.node.network.ips, *([] if shared is None else [shared])]


def joining(target: Target) -> Step:
    """The program by which one of several servers finds the others; k3s's unit runs it before each start."""
    site = target.site
    text = render(
        "k3s/servers.sh.j2",
        others=" ".join(others(target)),
        port=k3s_cluster.api_port(site),
        creates="yes" if target.node is k3s_cluster.server_of(site) else "",
        node=target.node.hostname,
    )
    return Step(files=(File.program(PROGRAM, text), File.text(DROP_IN, render("k3s/servers.conf"))))


def others(target: Target) -> tuple[str, ...]:
    """The addresses of the other servers of the site, the first server first; none at a site with one."""
    servers = k3s_cluster.servers_of(target.site)
    return tuple(node.network.ip or node.hostname for name, node in servers.items() if name != target.name)


def other_apis(target: Target) -> tuple[str, ...]:
    """The URLs of the APIs of the other servers of a server's site."""
    if target.node.runtime != HA:
        return ()
    return tuple(k3s_cluster.api_url(target.site, other) for other in others(target))


def position(target: Target) -> tuple[int, int]:
    """(place, from 0, of a server among those of its site, their number); (0, 1) for any other node."""
    names = sorted(k3s_cluster.servers_of(target.site))
    return (names.index(target.name), len(names)) if target.name in names else (0, 1)


def check(site: SiteSpec) -> Iterator[Problem]:
    """Servers that cannot form one cluster, or would lose it."""
    servers = {name: node for name, node in site.nodes.items() if node.runtime == HA}
    if site.k3s.first is not None and site.k3s.first not in servers:
        problem = f"{site.k3s.first} is no node of this site with {HA}"
        hint = f"name one of {', '.join(servers)}" if servers else "remove k3s.first"
        yield Problem.of_value("k3s.first", "no-such-server", problem, hint)
    yield from _shared_address(site, servers)
    if not servers:
        return
    yield from _number(site, servers)
    yield from _apart(servers)
    yield from _contradictions(site)


def _number(site: SiteSpec, servers: Mapping[str, Node]) -> Iterator[Problem]:
    single = [name for name in k3s_cluster.servers_of(site) if name not in servers]
    for name in single:
        problem = f"{name} would have a cluster of its own beside that of {', '.join(servers)}"
        path = format_path(("nodes", name, "runtime"))
        yield Problem.of_value(path, "two-clusters", problem, f"write runtime: {HA} or k3s-agent for it")
    number, words = len(servers), ", ".join(servers)
    if single or number in SEVERAL:
        return
    few = number < SEVERAL[0]
    surplus = number - max([size for size in SEVERAL if size < number], default=0)
    hint = (
        f"let {SEVERAL[0]} nodes run {HA}, or write runtime: k3s-server for one and k3s-agent for others"
        if few
        else f"write runtime: k3s-agent for {surplus} of them"
    )
    problem = f"{number} node{'s'[: number > 1]} would run {HA} ({words}); etcd takes three or five"
    path = format_path(("nodes", [*servers][-1], "runtime"))
    yield Problem.of_value(path, "number-of-servers", problem, hint)


def _apart(servers: Mapping[str, Node]) -> Iterator[Problem]:
    """Servers that reach another one over a router, or a link to another place."""
    lans = {name: [lan.network for lan in node.network.interfaces] for name, node in servers.items()}
    lan = next((lan for own in lans.values() for lan in own), None)
    for name, own in lans.items():
        if own and lan not in own:
            problem = f"{name} is outside of {lan}, where another server is: etcd needs them in one LAN"
            hint = f"give it an address in {lan}, or write runtime: k3s-agent for it"
            yield Problem.of_value(k3s_cluster.path_of_address(name), "servers-apart", problem, hint)


def _contradictions(site: SiteSpec) -> Iterator[Problem]:
    for key, value in site.k3s.config.items():
        name = key.rstrip("+")
        if name in CONTRADICTIONS and value is not False:
            problem = f"{name} contradicts {HA}: {CONTRADICTIONS[name]}"
            yield Problem.of_value(
                format_path(("k3s", "config", key)), "not-with-several", problem, f"remove {name}"
            )


def _shared_address(site: SiteSpec, servers: Mapping[str, Node]) -> Iterator[Problem]:
    """A virtual address that the servers cannot have, or one that agents lack."""
    path, written = "k3s.virtualAddress", site.k3s.virtual_address
    if written is None:
        for name in sorted(site.nodes.keys() - servers.keys()) if servers else ():
            problem = f"{name} would join one of the servers alone, and lose its API with that one"
            hint = "set k3s.virtualAddress to a free address in the LAN of the servers"
            place = format_path(("nodes", name, "runtime"))
            yield Problem.of_value(place, "no-virtual-address", problem, hint)
        return
    if not servers:
        problem, hint = f"no node runs {HA}, whose servers share it", "remove k3s.virtualAddress"
        yield Problem.of_value(path, "virtual-address-alone", problem, hint)
    for name, node in servers.items():
        yield from _unreachable(path, parsed_address(written), name, node)


def _unreachable(path: str, address: Address, name: str, node: Node) -> Iterator[Problem]:
    lans = [lan.network for lan in node.network.interfaces]
    ends = {end for lan in lans for end in (lan.network_address, lan.broadcast_address)}
    if lans and (address in ends or not any(address in lan for lan in lans)):
        problem = f"{address} is no address of a node in the LAN of {name}, {', '.join(map(str, lans))}"
        hint = f"write a free address of {lans[0]}"
        yield Problem.of_value(path, "virtual-address-outside", problem, hint)
    elif str(address) in (node.network.gateway, node.network.gateway6):
        problem, hint = f"{address} is the gateway of {name}", f"write a free address of {lans[0]}"
        yield Problem.of_value(path, "virtual-address-taken", problem, hint)
