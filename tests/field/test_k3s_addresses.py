"""Kind: the addresses of a cluster and of its nodes do not fit together, and k3s or the node's network fails.

Sources: k3s-io/k3s issues on dual stack ("must share the same IP version", node-ip of one family beside
cluster-cidr of two), k3s docs, networking/basic-network-options (dual-stack and IPv6-only clusters), and
Kubernetes' documentation on dual-stack services.
"""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from edgefleet.boot import firewall, proxy
from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.firstboot import Target
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base.k3s import CONFIG

V4, V6 = "10.20.90.10/24", "2001:db8:90::10/64"
BOTH = {"cluster_cidr": "10.42.0.0/16,fd00:42::/56", "service_cidr": "10.43.0.0/16,fd00:43::/112"}
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
TUNNEL = {"endpoint": "bastion.example:51820", "publicKey": "A" * 43 + "=", "network": "fd00:43::/64"}
Problems = Callable[..., list[Problem]]


def shop(*addresses: str, **k3s: Any) -> dict[str, Any]:
    """A site with the addresses, the gateways of their families, and settings of k3s."""
    gateway, gateway6 = "10.20.90.1", "2001:db8:90::1"
    gateways = {"gateway": gateway if V4 in addresses else gateway6}
    gateways |= {"gateway6": gateway6} if {V4, V6} <= {*addresses} else {}
    network = {"address": addresses[0], "extraAddresses": list(addresses[1:]), **gateways}
    return {"network": network, "k3s": {"config": {name.replace("_", "-"): k3s[name] for name in k3s}}}


def sites(site: dict[str, Any]) -> str:
    return yaml.safe_dump({"sites": {"shop": site}})


@pytest.fixture
def target(load: Callable[..., Fleet]) -> Callable[..., Target]:
    """The one node of a fleet file with one site."""

    def node(site: dict[str, Any]) -> Target:
        spec = load(sites(site)).sites["shop"]
        return Target(site=spec, name=next(iter(spec.nodes)), key=KEY)

    return node


def config(target: Target) -> dict[str, Any]:
    """k3s's configuration of a node."""
    files = {file.path: file.content for file in runtime_of(target.node).configure(target).files}
    found: dict[str, Any] = yaml.safe_load(files[CONFIG])
    return found


def text(step: Any, path: str) -> str:
    return str(next(file.content for file in step.files if file.path == path).decode())


@pytest.mark.parametrize(
    ("addresses", "k3s", "expected"),
    [
        ((V4,), {}, "10.20.90.10"),
        ((V4, V6), {}, "10.20.90.10"),
        ((V4, V6), BOTH, "10.20.90.10,2001:db8:90::10"),
        ((V6, V4), BOTH, "10.20.90.10,2001:db8:90::10"),
        ((V6,), {}, "2001:db8:90::10"),
    ],
)
def test_node_ip_has_each_family_of_the_cluster(
    target: Callable[..., Target], addresses: tuple[str, ...], k3s: dict[str, Any], expected: str
) -> None:
    """In the order of cluster-cidr; k3s ends where the families differ."""
    assert expected == config(target(shop(*addresses, **k3s)))["node-ip"]


def test_a_site_of_ipv6_alone_has_the_defaults_of_its_family(target: Callable[..., Target]) -> None:
    """In the firewall, the proxy's exceptions and the certificate, as k3s takes them itself."""
    node = target(shop(V6) | {"proxy": {"https": "http://proxy.example:3128"}})
    rules = text(firewall.plan(node), firewall.PATH)
    direct = text(proxy.plan(node), proxy.ENVIRONMENT)
    for subnet in ("fd00:42::/56", "fd00:43::/112"):
        assert subnet in rules
        assert subnet in direct
    for subnet in ("10.42.0.0/16", "10.43.0.0/16"):
        assert subnet not in rules
        assert subnet not in direct
    assert "2001:db8:90::10" in config(node)["tls-san"]
    assert config(node)["flannel-ipv6-masq"] is True


@pytest.mark.parametrize(
    ("site", "path", "code"),
    [
        (shop(V4, **BOTH), "sites.shop.network.address", "node-family"),
        (
            shop(V4, cluster_cidr="10.52.0.0/16,fd00:52::/56"),
            "sites.shop.k3s.config.cluster-cidr",
            "k3s-families",
        ),
        (shop(V4, V6, service_cidr="fd00:53::/112"), "sites.shop.k3s.config.service-cidr", "k3s-families"),
        (
            shop(V4, cluster_cidr="10.52.0.0/16,10.53.0.0/16"),
            "sites.shop.k3s.config.cluster-cidr",
            "k3s-families",
        ),
        (shop(V4, cluster_dns="10.99.0.10"), "sites.shop.k3s.config.cluster-dns", "cluster-dns"),
    ],
)
def test_families_that_differ_are_refused(
    problems: Problems, site: dict[str, Any], path: str, code: str
) -> None:
    """k3s would not start."""
    assert (path, code) in [(problem.path, problem.code) for problem in problems(sites(site))]


@pytest.mark.parametrize(
    ("site", "named"),
    [
        ({"network": {"address": "10.42.0.10/23", "gateway": "10.42.0.1"}}, ("10.42.0.0/23", "10.42.0.0/16")),
        ({"network": {"address": "10.43.0.20/24", "gateway": "10.43.0.1"}}, ("10.43.0.0/24", "10.43.0.0/16")),
        (shop(V4, cluster_cidr="10.20.0.0/16"), ("10.20.90.0/24", "10.20.0.0/16")),
        (shop(V4, service_cidr="10.42.128.0/20"), ("10.42.0.0/16", "10.42.128.0/20")),
        (shop(V6) | {"breakGlass": {"wireguard": TUNNEL}}, ("fd00:43::/64", "fd00:43::/112")),
    ],
)
def test_ranges_that_overlap_are_refused_by_name(
    problems: Problems, site: dict[str, Any], named: tuple[str, str]
) -> None:
    """The firewall would take the LAN for containers, or the node would route its neighbours to itself."""
    (overlap,) = (problem for problem in problems(sites(site)) if problem.code == "overlap")
    one, other = named
    assert one in overlap.problem
    assert other in overlap.problem


def test_the_hint_of_an_overlap_ends_it(problems: Problems) -> None:
    """It names a network that nothing at the site has."""
    site: dict[str, Any] = {"network": {"address": "10.42.0.10/23", "gateway": "10.42.0.1"}}
    (overlap,) = problems(sites(site))
    key, _, free = overlap.hint.rpartition("set ")[2].partition(": ")
    site["k3s"] = {"config": {key.rpartition(".")[2]: free}}
    assert [] == problems(sites(site))


def test_what_k3s_is_configured_with_is_what_the_seed_repeats(load: Callable[..., Fleet]) -> None:
    """The port of the API for agents and in the firewall, domain and subnets in the proxy's exceptions."""
    nodes = {
        "a": {"runtime": "k3s-server", "network": {"address": V4}},
        "b": {"runtime": "k3s-agent", "network": {"address": "10.20.90.11/24"}},
    }
    settings = {"https-listen-port": 7443, "cluster-domain": "shop.example", "cluster-cidr": "10.52.0.0/16"}
    site = {
        "network": {"gateway": "10.20.90.1"},
        "nodes": nodes,
        "k3s": {"config": settings},
        "proxy": {"https": "http://proxy.example:3128"},
    }
    spec = load(sites(site)).sites["shop"]
    server, agent = (Target(site=spec, name=name, key=KEY) for name in ("a", "b"))
    assert "https://10.20.90.10:7443" == config(agent)["server"]
    rules, direct = text(firewall.plan(server), firewall.PATH), text(proxy.plan(server), proxy.ENVIRONMENT)
    assert "tcp dport 7443 accept" in rules
    assert "6443" not in rules
    assert "10.52.0.0/16" in rules
    assert ".shop.example" in direct
    assert "cluster.local" not in direct
    assert "10.52.0.0/16" in direct


@pytest.mark.parametrize(
    ("key", "argument"),
    [
        ("kubelet-arg", "port=10300"),
        ("kubelet-arg", "--cluster-dns=10.43.0.11"),
        ("kube-apiserver-arg", "secure-port=7443"),
        ("kube-controller-manager-arg", "cluster-cidr=10.99.0.0/16"),
        ("kube-proxy-arg", "cluster-cidr=10.99.0.0/16"),
        ("etcd-arg", "data-dir=/data"),
    ],
)
def test_a_repeated_value_is_set_in_one_place(problems: Problems, key: str, argument: str) -> None:
    """An argument of a component would move what other parts of the node rely on."""
    site = {"network": {"address": V4, "gateway": "10.20.90.1"}, "k3s": {"config": {key: [argument]}}}
    (problem,) = problems(sites(site))
    assert ("sites.shop.k3s.config." + key, "repeated-k3s-config") == (problem.path, problem.code)
