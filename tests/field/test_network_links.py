"""Kind: a network that netplan can describe, and a fleet file could not.

Sources: canonical/netplan, the files of examples/ that each row names, and its reference (netplan-yaml).
Each row is the part `network` of a site, and what netplan gets; tests/images reads the same kinds of links by
netplan, networkd and NetworkManager themselves.
"""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from edgefleet.boot import kernel, proxy
from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.images.network.netplan import netplan
from edgefleet.model.firstboot import Target

Problems = Callable[..., list[Problem]]
MAIN = {"address": "10.20.90.10/24", "gateway": "10.20.90.1", "interface": "enp1s0"}
FIXED = {"dhcp4": False, "ignore-carrier": True}
LEASED = {"dhcp4": True, "critical": True}
FURTHER = {"optional": True}
INSIDE = {**FURTHER, "accept-ra": False}


def sites(network: dict[str, Any], **settings: Any) -> str:
    return yaml.safe_dump({"sites": {"shop": {"network": network, **settings}}})


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "several NICs: static.yaml, route_metric.yaml": (
        MAIN | {"links": {"cameras": {"mac": "02:00:5e:10:00:02", "address": "192.168.50.1/24"}}},
        {
            "ethernets": {
                "cameras": {
                    "match": {"macaddress": "02:00:5e:10:00:02"},
                    "set-name": "cameras",
                    "addresses": ["192.168.50.1/24"],
                    **FIXED,
                    **INSIDE,
                }
            }
        },
    ),
    "a VLAN beside the untagged LAN: vlan.yaml": (
        MAIN | {"links": {"tills": {"vlan": 30, "address": "10.30.0.10/24"}}},
        {"vlans": {"tills": {"id": 30, "link": "lan0", "addresses": ["10.30.0.10/24"], **FIXED, **INSIDE}}},
    ),
    "a VLAN of a second NIC: vlan.yaml": (
        MAIN
        | {
            "links": {"trunk": {"interface": "enp2s0", "dhcp": False}, "tills": {"vlan": 30, "over": "trunk"}}
        },
        {
            "ethernets": {"trunk": {"match": {"name": "enp2s0"}, "dhcp4": False, **INSIDE}},
            "vlans": {
                "tills": {
                    "id": 30,
                    "link": "trunk",
                    "dhcp4-overrides": {"route-metric": 200},
                    **LEASED,
                    **FURTHER,
                }
            },
        },
    ),
    "an MTU: bridge_vlan.yaml": (
        MAIN | {"mtu": 9000, "vlan": 20},
        {
            "ethernets": {"lan0": {"match": {"name": "enp1s0"}, "mtu": 9000, "dhcp4": False}},
            "vlans": {
                "vlan20": {
                    "id": 20,
                    "link": "lan0",
                    "mtu": 9000,
                    "addresses": ["10.20.90.10/24"],
                    "routes": [{"to": "0.0.0.0/0", "via": "10.20.90.1"}],
                    **FIXED,
                }
            },
        },
    ),
    "static routes: static-routes.yaml": (
        MAIN | {"routes": [{"to": "10.99.0.0/16", "via": "10.20.90.254", "metric": 50}]},
        {
            "ethernets": {
                "lan0": {
                    "match": {"name": "enp1s0"},
                    "addresses": ["10.20.90.10/24"],
                    "routes": [
                        {"to": "0.0.0.0/0", "via": "10.20.90.1"},
                        {"to": "10.99.0.0/16", "via": "10.20.90.254", "metric": 50},
                    ],
                    **FIXED,
                }
            }
        },
    ),
    "dhcp-identifier, use-dns and a metric: route_metric.yaml": (
        {"interface": "enp1s0", "dhcpIdentifier": "mac", "useDns": False, "metric": 300, "dns": ["9.9.9.9"]},
        {
            "ethernets": {
                "lan0": {
                    "match": {"name": "enp1s0"},
                    "dhcp-identifier": "mac",
                    "dhcp4-overrides": {"route-metric": 300, "use-dns": False},
                    "nameservers": {"addresses": ["9.9.9.9"]},
                    **LEASED,
                }
            }
        },
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_netplan_can_is_in_the_fleet_file(load: Callable[..., Fleet], row: str) -> None:
    """Each device of the row as it stands there; the main link is as without further ones."""
    network, expected = ROWS[row]
    document = netplan(load(sites(network)).sites["shop"].nodes["n1"].network)
    rendered = {
        section: {name: document.get(section, {}).get(name) for name in devices}
        for section, devices in expected.items()
    }
    assert expected == rendered


def test_of_two_default_routes_the_main_link_s_is_used(load: Callable[..., Fleet]) -> None:
    """While it has a carrier: its fixed route stays, and the kernel takes the other one in the meantime."""
    spec = load(sites(MAIN | {"links": {"backup": {"interface": "enp2s0"}}})).sites["shop"]
    links = netplan(spec.nodes["n1"].network)["ethernets"]
    assert [{"to": "0.0.0.0/0", "via": "10.20.90.1", "metric": 100}] == links["lan0"]["routes"]
    assert {"route-metric": 200} == links["backup"]["dhcp4-overrides"]
    files = {file.path: file.content for file in kernel.plan(Target(site=spec, name="n1", key="")).files}
    assert (
        b"net.ipv4.conf.all.ignore_routes_with_linkdown = 1" in files["/etc/sysctl.d/93-edgefleet-links.conf"]
    )


def test_the_subnet_of_each_link_is_reached_without_the_proxy(load: Callable[..., Fleet]) -> None:
    """The cameras are inside the site."""
    network = MAIN | {"links": {"cameras": {"interface": "enp2s0", "address": "192.168.50.1/24"}}}
    spec = load(sites(network, proxy={"https": "http://proxy.example:3128"})).sites["shop"]
    step = proxy.plan(Target(site=spec, name="n1", key=""))
    content = next(file.content for file in step.files if file.path == proxy.ENVIRONMENT)
    assert b"192.168.50.0/24" in content


def link(**settings: Any) -> dict[str, Any]:
    return MAIN | {"links": {"cameras": settings}}


REFUSED = [
    (link(interface="enp2s0", address="10.20.90.77/25"), "address", "overlap"),
    (link(interface="enp2s0", address="10.42.7.1/24"), "links.cameras.address", "overlap"),
    (MAIN | {"routes": [{"to": "10.43.0.0/16", "via": "10.20.90.2"}]}, "routes[0].to", "overlap"),
    (MAIN | {"dns": ["10.43.0.10"]}, "dns[0]", "overlap"),
    (MAIN | {"routes": [{"to": "10.99.0.0/16", "via": "10.1.0.1"}]}, "routes[0].via", "router-outside"),
    (MAIN | {"routes": [{"to": "fd00::/8", "via": "10.20.90.2"}]}, "routes[0].via", "route-family"),
    (MAIN | {"routes": [{"to": "0.0.0.0/0", "via": "10.20.90.2"}]}, "routes[0].to", "default-route"),
    ({"useRoutes": False}, "useRoutes", "unknown-key"),
    ({"links": {"cameras": {"interface": "enp2s0", "useRoutes": False}}}, "", "which-port"),
    (link(useRoutes=False), "links.cameras", "which-port"),
    (link(interface="enp1s0", useRoutes=False), "links.cameras", "link-name"),
    (link(interface="enp2s0", metric=50), "links.cameras.metric", "metric"),
    (link(vlan=30, mtu=9000), "links.cameras.mtu", "mtu"),
    (link(vlan=30) | {"vlan": 30}, "links.cameras.vlan", "same-vlan"),
    (link(vlan=30, interface="enp2s0"), "links.cameras.interface", "link-over"),
    (link(vlan=30, over="trunk"), "links.cameras.over", "link-over"),
    (link(interface="enp2s0", over="trunk"), "links.cameras.over", "link-over"),
    (MAIN | {"links": {"cni0": {"interface": "enp2s0"}}}, "links.cni0", "bad-link-name"),
    (
        link(interface="enp2s0", address="192.168.5.1/24", gateway="192.168.6.1"),
        "links.cameras.gateway",
        "gateway-outside",
    ),
]


@pytest.mark.parametrize(("network", "path", "code"), REFUSED)
def test_links_that_do_not_work_beside_each_other_are_refused(
    problems: Problems, network: dict[str, Any], path: str, code: str
) -> None:
    """At the value that is to change."""
    place = f"sites.shop.network.{path}".rstrip(".")
    assert [(place, code)] == [(problem.path, problem.code) for problem in problems(sites(network))]


def test_links_that_fit_any_port_are_reported_once_each(problems: Problems) -> None:
    """Not also by the name of the bond's ports, which no fleet file has."""
    network = MAIN | {"interface": "e*", "links": {"cameras": {"address": "192.168.5.1/24"}}}
    places = ["sites.shop.network.interface", "sites.shop.network.links.cameras"]
    assert places == [problem.path for problem in problems(sites(network))]


def test_a_wider_route_passes_over_the_ranges_of_containers(problems: Problems) -> None:
    """A company's 10.0.0.0/8 beside pods in 10.42.0.0/16: the node's own route is the narrower one."""
    assert [] == problems(sites(MAIN | {"routes": [{"to": "10.0.0.0/8", "via": "10.20.90.2"}]}))


def test_a_further_link_may_have_the_same_address_at_each_site(problems: Problems) -> None:
    """The cameras behind each node; inside one site each address is unique."""
    network = {
        "links": {"cameras": {"interface": "enp2s0", "address": "192.168.50.1/24"}},
        "interface": "enp1s0",
    }
    one = {"sites": {name: {"network": network} for name in ("a", "b")}}
    assert [] == problems(yaml.safe_dump(one))
