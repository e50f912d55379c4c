"""Step `firewall` and real packets: forged and honest, of both families, at sites of one node and three."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.boot.network_lab import Lab, Packet, lab

from edgefleet.boot import firewall, healing
from edgefleet.io.templates import template_root
from edgefleet.model.firstboot import Step, Target
from edgefleet.model.safety import Admission, Firewall

TextOf = Callable[[Step, str], str]
Ruleset = Callable[[int], str]
NODE, NODE6, NEIGHBOUR, NEIGHBOUR6 = "10.3.0.10", "fd03::10", "10.3.0.21", "fd03::21"
LAN, LAN6 = "10.3.0.99", "fd03::99"
CLUSTER = {"cluster-cidr": "10.42.0.0/16,fd42::/48", "service-cidr": "10.43.0.0/16,fd43::/112"}
FORGED = (
    "10.42.0.99",
    "10.42.7.7",
    "10.43.0.7",
    "fd42::99",
    "fd42:0:0:7::7",
    "fd43::7",
    "192.0.2.7",
    "2001:db8::7",
)
"""Of this node's pods, another node's, services, and of nobody that the LAN is the way to."""
LASTS: tuple[Packet, ...] = ((LAN, NODE, 161), (LAN6, NODE6, 161))


@pytest.fixture
def network() -> Iterator[Lab]:
    """A node, its pod, and a LAN on which anybody may have any address."""
    lan = (f"{LAN}/24", f"{LAN6}/64", f"{NEIGHBOUR}/24", f"{NEIGHBOUR6}/64")
    with lab(lan, (f"{NODE}/24", f"{NODE6}/64")) as network:
        network.run("lan", "ip", "route", "add", "10.42.0.0/16", "via", NODE)
        network.run("lan", "ip", "route", "add", "fd42::/48", "via", NODE6)
        for address in FORGED:
            network.run(
                "lan", "ip", "address", "add", f"{address}/{128 if ':' in address else 32}", "dev", "lo"
            )
        yield network


@pytest.fixture
def ruleset(target: Targets, text_of: TextOf) -> Ruleset:
    """The ruleset of a server, at a site of so many nodes."""

    def make(nodes: int) -> str:
        one: Target = target("recipe-1/server-static" if nodes == 1 else "server-and-agent")
        named = dict(one.site.nodes)
        while len(named) < nodes:
            named[f"more-{len(named)}"] = [*named.values()][-1]
        addresses = [(NODE, NODE6), (NEIGHBOUR, NEIGHBOUR6), ("10.3.0.22", "fd03::22")]
        for name, (address, other) in zip(named, addresses, strict=False):
            network = replace(named[name].network, address=f"{address}/24", extra_addresses=(f"{other}/64",))
            named[name] = replace(named[name], network=network)
        allowed = Firewall(allow=(Admission(port=161, protocol="udp"),))
        k3s = replace(one.site.k3s, config={**CLUSTER})
        site = replace(one.site, nodes=named, firewall=allowed, k3s=k3s)
        return text_of(firewall.plan(replace(one, site=site)), firewall.PATH)

    return make


def to_node(source: str, port: int) -> Packet:
    """A packet to the node, by the family of its source."""
    return source, NODE6 if ":" in source else NODE, port


FORGERIES = [to_node(source, port) for source in FORGED for port in (161, 8472, 10250)]


def test_without_a_firewall_every_forgery_arrives(network: Lab) -> None:
    """The laboratory itself works: what the others test is not the lack of a route."""
    routed = [packet for packet in FORGERIES if packet[0] not in ("192.0.2.7", "2001:db8::7")]
    assert routed == network.arriving(routed, LASTS)


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_packet_with_a_forged_source_reaches_no_socket(network: Lab, ruleset: Ruleset, nodes: int) -> None:
    """Neither as a container nor as somebody whom the LAN is not the way to, not even an open port."""
    network.load(ruleset(nodes))
    assert [] == network.arriving(FORGERIES, LASTS)


@pytest.mark.parametrize(("nodes", "opened"), [(1, []), (3, [8472])])
def test_nodes_of_the_site_reach_the_tunnels_port_and_the_lan_does_not(
    network: Lab, ruleset: Ruleset, nodes: int, opened: list[int]
) -> None:
    """An honest packet of the LAN reaches what the fleet file allows and nothing else."""
    network.load(ruleset(nodes))
    strangers = [to_node(source, port) for source in (LAN, LAN6) for port in (161, 8472, 10250)]
    neighbours = [to_node(source, port) for source in (NEIGHBOUR, NEIGHBOUR6) for port in (161, 8472)]
    arrived = [packet for packet in strangers if packet[2] == 161]
    arrived += [packet for packet in neighbours if packet[2] in (161, *opened)]
    assert arrived == network.arriving([*strangers, *neighbours], LASTS)


@pytest.mark.parametrize(("lan", "node", "pod"), [(LAN, NODE, "10.42.0.5"), (LAN6, NODE6, "fd42::5")])
def test_the_lan_reaches_no_pod_by_its_address(
    network: Lab, ruleset: Ruleset, lan: str, node: str, pod: str
) -> None:
    """While pods reach the LAN and every port of their node; answers pass, masked addresses or not."""
    inwards, last = (lan, pod, 9000), (lan, pod, 9001)
    assert [inwards] == network.arriving([inwards], [last], way=("lan", "pod"), text="answered")
    network.load(ruleset(1))
    for to, end in ((lan, "lan"), (node, "node")):
        outwards = (pod, to, 10250)
        assert [outwards] == network.arriving([outwards], [(pod, to, 161)], way=("pod", end), text="answered")
    network.run("node", "nft", "insert rule inet edgefleet prerouting udp dport 9001 accept")
    assert [] == network.arriving([inwards], [last], way=("lan", "pod"))


def test_the_kernel_checks_the_way_back_of_ipv4_on_every_interface(network: Lab) -> None:
    """Also where the base system set the loose mode, of which the kernel would take the larger value."""
    network.run("node", "sysctl", "-q", "net.ipv4.conf.lan0.rp_filter=2")
    network.run("node", "sysctl", "-q", "-p", str(template_root() / "safety" / "rp-filter.conf"))
    for interface in ("all", "default", "lan0", "cni0"):
        assert "1\n" == network.run("node", "sysctl", "-n", f"net.ipv4.conf.{interface}.rp_filter")
    forged = [packet for packet in FORGERIES if packet[0].startswith(("10.42.0", "192"))]
    assert [] == network.arriving(forged, LASTS)


BROKEN = "table inet edgefleet { chain input { ip saddr no-address accept; }; }\n"


@pytest.fixture
def started(target: Targets, tmp_path: Path, network: Lab) -> Callable[..., str]:
    """Loads the firewall of a node whose files are broken, and returns its status's line."""
    step = firewall.plan(target("recipe-1/server-static", firewall=Firewall(ssh_from=(LAN,))))
    (status,) = (file for file in healing.plan(target()).files if file.path == healing.SCRIPT)
    for file in (*step.files, status):
        place = tmp_path / file.path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)

    prefixed = ("env", f"EDGEFLEET_PREFIX={tmp_path}", "sh")

    def start(*broken: str) -> str:
        for path in broken:
            (tmp_path / path.lstrip("/")).write_text(BROKEN)
        network.run("node", *prefixed, f"{tmp_path}{firewall.SCRIPT}")
        printed = network.run("node", *prefixed, f"{tmp_path}{healing.SCRIPT}", "status")
        return "".join(line for line in printed.splitlines() if "firewall" in line)

    return start


def test_a_ruleset_that_loads_is_no_problem(started: Callable[..., str], network: Lab) -> None:
    assert "" == started()
    assert "chain prerouting" in network.run("node", "nft", "list", "ruleset")


def test_a_ruleset_that_nft_refuses_leaves_a_firewall_that_admits_ssh(
    started: Callable[..., str], network: Lab
) -> None:
    """From where the fleet file allows it, and the node's status says so until it loads again."""
    assert "only SSH and containers are admitted" in started(firewall.PATH)
    rules = network.run("node", "nft", "list", "ruleset")
    assert "policy drop" in rules
    assert f"ip saddr {LAN} tcp dport 22 accept" in rules


def test_where_nothing_loads_nobody_is_admitted(started: Callable[..., str], network: Lab) -> None:
    assert "nobody is admitted" in started(firewall.PATH, firewall.MINIMAL)
    rules = network.run("node", "nft", "list", "ruleset")
    assert "policy drop" in rules
    assert "dport 22" not in rules
