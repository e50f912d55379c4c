"""Step: a firewall for the node's own sockets, as an nftables table.

Ports: k3s docs, installation/requirements. A site of one node needs SSH and the ports that its own
containers use; several nodes also need each other, and nothing else: agents connect outwards, and so does a
site. Traffic to containers (NodePorts, ``servicelb``) is forwarded, not received: Kubernetes filters it.
"""

from collections.abc import Iterator
from ipaddress import ip_network

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import BootStep, File, Step, Target
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes import runtime_of

PATH = "/etc/edgefleet/firewall.nft"
UNIT = "edgefleet-firewall.service"
CLUSTER = {"cluster-cidr": "10.42.0.0/16", "service-cidr": "10.43.0.0/16"}
"""dict[key of k3s's config.yaml -> k3s's default]."""
FLANNEL = {
    "vxlan": ("udp dport 8472",),
    "wireguard-native": ("udp dport 51820-51821",),
}
"""dict[flannel's backend -> its ports between nodes]; others route without a port of their own."""


def plan(target: Target) -> Step:
    """The ruleset, and the unit that loads it before any interface is up; removal if it is turned off."""
    if not target.site.firewall.enabled:
        return Step.removal(PATH, f"systemctl disable --now {UNIT}", f"rm -f {PATH}")
    text = render("safety/firewall.nft.j2", rules=[*_rules(target)])
    return Step(
        files=(File.text(PATH, text, mode=0o600),),
        units=(unit(f"safety/{UNIT}"),),
        commands=(("systemctl", "restart", UNIT),),
    )


def _rules(target: Target) -> Iterator[str]:
    yield from _admitted(target.site.firewall.ssh_from, 'tcp dport 22 accept comment "SSH, by keys only"')
    inside = _addresses(target.site, "cluster-cidr") + _addresses(target.site, "service-cidr")
    for source in _sources(inside):
        yield f'{source} accept comment "containers"'
    if len(target.site.nodes) > 1:
        for source in _sources(_neighbours(target)):
            for ports in _between_nodes(target):
                yield f'{source} {ports} accept comment "nodes of this site"'
    if target.site.break_glass.wireguard is not None:
        yield 'iifname "edgefleet" accept comment "tunnel outwards"'
    for rule in target.site.firewall.allow:
        yield from _admitted(rule.from_, f"{rule.protocol} dport {rule.port} accept")


def _admitted(addresses: tuple[str, ...], rule: str) -> Iterator[str]:
    """`rule` for packets from `addresses`, or from everywhere where there are none."""
    for source in _sources(addresses) or ("",):
        yield f"{source} {rule}".lstrip()


def _between_nodes(target: Target) -> Iterator[str]:
    config, nodes = target.site.k3s.config, target.site.nodes.values()
    servers = sum(runtime_of(node).runs_api for node in nodes)
    if runtime_of(target.node).runs_api:
        yield "tcp dport 6443"
        if target.site.time.serve:
            yield "udp dport 123"
        if servers > 1:
            yield "tcp dport 2379-2380"
    yield from FLANNEL.get(str(config.get("flannel-backend", "vxlan")), ())
    yield "tcp dport 10250"
    if config.get("embedded-registry") is True:
        yield "tcp dport 5001"
        if not runtime_of(target.node).runs_api:
            yield "tcp dport 6443"


def _neighbours(target: Target) -> tuple[str, ...]:
    """Addresses of the site's other nodes; where one asks DHCP, the subnets that the site is in."""
    known = {name: node.network.interfaces for name, node in target.site.nodes.items()}
    if all(addresses for name, addresses in known.items() if name != target.name):
        return tuple(str(address.ip) for name in known if name != target.name for address in known[name])
    return tuple(str(address.network) for addresses in known.values() for address in addresses)


def _addresses(site: SiteSpec, key: str) -> tuple[str, ...]:
    """Subnets of k3s's containers: one, or one of each family."""
    ranges = site.k3s.config.get(key, CLUSTER[key])
    listed = ranges if isinstance(ranges, list | tuple) else str(ranges).split(",")
    return tuple(subnet.strip() for subnet in listed)


def _sources(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """The match of packets from `addresses`, one for each family."""
    sources = []
    for family, version in (("ip", 4), ("ip6", 6)):
        same_family = [
            address for address in addresses if ip_network(address, strict=False).version == version
        ]
        if same_family:
            sources.append(f"{family} saddr {{ {', '.join(dict.fromkeys(same_family))} }}")
    return tuple(sources)


STEP = BootStep(name="firewall", plan=plan)
