"""Kind: a node with several live interfaces gets one static address and one route on each of them.

Sources: nix-community/srvos 250 (a second interface that matches has the same gateway); netplan reference,
`match` (a definition applies to all matching devices); Linux, networking/bonding (fail_over_mac).
"""

import configparser
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from edgefleet.boot import break_glass
from edgefleet.images.network.netplan import netplan
from edgefleet.images.network.network_manager import network_manager
from edgefleet.images.network.networkd import networkd
from edgefleet.model.network import ANY_WIRED, Network

STATIC: dict[str, Any] = {"address": "10.0.0.2/24", "gateway": "10.0.0.1"}
TWO = [
    pytest.param(Network(**STATIC), "e*", "bond0", id="static"),
    pytest.param(Network(**STATIC, interface="enp*s0"), "enp*s0", "bond0", id="glob"),
    pytest.param(Network(**STATIC, vlan=20), "e*", "vlan20", id="static-vlan"),
    pytest.param(Network(vlan=20), "e*", "vlan20", id="dhcp-vlan"),
]
"""(network, glob of its interfaces, name of the interface that has the address)."""


def sections(files: dict[str, bytes]) -> dict[str, configparser.RawConfigParser]:
    """dict[file name -> its sections]."""
    parsed = {}
    for path, content in files.items():
        parsed[Path(path).name] = parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
        parser.read_string(content.decode())
    return parsed


@pytest.mark.parametrize(("network", "glob", "name"), TWO)
def test_netplan_has_one_interface_with_the_address(network: Network, glob: str, name: str) -> None:
    """The interfaces that match are ports of one bond, which takes the hardware address of the live one."""
    document = netplan(network)
    assert {"ports": {"match": {"name": glob}, "dhcp4": False}} == document["ethernets"]
    assert ["ports"] == document["bonds"]["bond0"]["interfaces"]
    assert "active" == document["bonds"]["bond0"]["parameters"]["fail-over-mac-policy"]
    devices = {**document["bonds"], **document.get("vlans", {})}
    key = "addresses" if network.is_static else "critical"
    assert [name] == [device for device, definition in devices.items() if key in definition]


@pytest.mark.parametrize(("network", "glob", "name"), TWO)
def test_networkd_has_one_interface_with_the_address(network: Network, glob: str, name: str) -> None:
    """As netplan."""
    files = sections(networkd(network))
    ports = files["10-bond0-ports.network"]
    assert (glob, "ether", "bond0") == (
        ports["Match"]["Name"],
        ports["Match"]["Type"],
        ports["Network"]["Bond"],
    )
    assert "active" == files["10-bond0.netdev"]["Bond"]["FailOverMACPolicy"]
    key = "address" if network.is_static else "keepconfiguration"
    assert [name] == [
        file["Match"]["Name"]
        for file in files.values()
        if file.has_section("Network") and key in file["Network"]
    ]


@pytest.mark.parametrize(("network", "glob", "name"), TWO)
def test_network_manager_has_one_interface_with_the_address(network: Network, glob: str, name: str) -> None:
    """As netplan; the ports have one profile, which is active on each of them."""
    files = sections(network_manager(network))
    ports = files["bond0-ports.nmconnection"]
    assert (glob, "3", "bond0") == (
        ports["match"]["interface-name"],
        ports["connection"]["multi-connect"],
        ports["connection"]["master"],
    )
    assert "active" == files["bond0.nmconnection"]["bond"]["fail_over_mac"]
    method = "manual" if network.is_static else "auto"
    assert [name] == [
        file["connection"]["interface-name"]
        for file in files.values()
        if file.has_section("ipv4") and file["ipv4"]["method"] == method
    ]


@pytest.mark.parametrize(
    "network",
    [
        Network(**STATIC, mac="02:00:5e:10:00:01"),
        Network(**STATIC, interface="enp1s0"),
        Network(),
        Network(interface="en*"),
    ],
    ids=["mac", "name", "dhcp", "dhcp-glob"],
)
def test_a_named_interface_needs_no_bond(network: Network) -> None:
    """Nor does DHCP, which leases an address for each."""
    assert {"version", "ethernets"} == set(netplan(network))
    assert ["20-lan0.network"] == [*sections(networkd(network))]
    assert ["lan0.nmconnection"] == [*sections(network_manager(network))]


def test_the_tunnel_is_no_wired_interface() -> None:
    """It would become a port of the bond, or ask DHCP."""
    assert not fnmatch(Path(break_glass.TUNNEL).stem, ANY_WIRED)
