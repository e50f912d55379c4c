"""Networks as netplan documents."""

from dataclasses import replace

import pytest

from edgefleet.images.network.netplan import netplan
from edgefleet.model.network import Bond, Network
from edgefleet.model.wireless import Wifi


def test_a_static_address_brings_its_default_route() -> None:
    """k3s needs a default route to start; DHCP is off."""
    network = Network(address="10.0.0.2/24", gateway="10.0.0.1", dns=("9.9.9.9",), search=("shop",))
    found = netplan(replace(network, interface="enp1s0"))
    assert {
        "version": 2,
        "ethernets": {
            "lan0": {
                "match": {"name": "enp1s0"},
                "dhcp4": False,
                "ignore-carrier": True,
                "addresses": ["10.0.0.2/24"],
                "routes": [{"to": "0.0.0.0/0", "via": "10.0.0.1"}],
                "nameservers": {"addresses": ["9.9.9.9"], "search": ["shop"]},
            }
        },
    } == found


def test_a_hardware_address_finds_the_interface_and_names_it() -> None:
    """Kernel names differ between boards; the address does not."""
    (found,) = netplan(Network(mac="02:00:00:AA:00:01"))["ethernets"].values()
    assert ({"macaddress": "02:00:00:aa:00:01"}, "lan0", True) == (
        found["match"],
        found["set-name"],
        found["dhcp4"],
    )


def test_on_a_vlan_the_bare_interface_has_no_address() -> None:
    """The addresses are on the VLAN alone."""
    found = netplan(Network(address="10.0.0.2/24", gateway="10.0.0.1", interface="enp1s0", vlan=20))
    assert {"match": {"name": "enp1s0"}, "dhcp4": False} == found["ethernets"]["lan0"]
    vlan = found["vlans"]["vlan20"]
    assert (20, "lan0", ["10.0.0.2/24"]) == (vlan["id"], vlan["link"], vlan["addresses"])


def test_a_bond_takes_its_ports() -> None:
    """The ports are known and silent, the bond has the address."""
    found = netplan(Network(address="10.0.0.2/24", bond=Bond(interfaces=("enp1s0", "enp2s0"))))
    assert {"enp1s0": {"dhcp4": False}, "enp2s0": {"dhcp4": False}} == found["ethernets"]
    assert ["enp1s0", "enp2s0"] == found["bonds"]["bond0"]["interfaces"]
    assert "active-backup" == found["bonds"]["bond0"]["parameters"]["mode"]


def test_wifi_is_joined_with_its_passphrase() -> None:
    """The document is the one place where the passphrase stands."""
    network = Network(wifi=Wifi(ssid="shop", passphrase="correct horse"))  # noqa: S106 - made up
    (found,) = netplan(network)["wifis"].values()
    assert {"shop": {"password": "correct horse"}} == found["access-points"]


def test_an_ipv6_gateway_routes_ipv6() -> None:
    """The route's family is the gateway's."""
    (found,) = netplan(Network(address="fd00::2/64", gateway="fd00::1"))["bonds"].values()
    assert [{"to": "::/0", "via": "fd00::1"}] == found["routes"]


@pytest.mark.parametrize(
    "network",
    [
        Network(address="10.0.0.2/24", mac="02:00:00:aa:00:01"),
        Network(address="10.0.0.2/24", interface="enp1s0"),
        Network(address="10.0.0.2/24"),
        Network(address="10.0.0.2/24", interface="enp1s0", vlan=20),
        Network(address="10.0.0.2/24", bond=Bond(interfaces=("enp1s0", "enp2s0"))),
        Network(address="10.0.0.2/24", wifi=Wifi(ssid="shop", passphrase="{secret: x}")),  # noqa: S106 - a name
    ],
    ids=["mac", "name", "any", "vlan", "bond", "wifi"],
)
def test_a_fixed_address_holds_while_the_modem_is_off(network: Network) -> None:
    """Without carrier networkd would drop address and route, and k3s not start."""
    *_, section = netplan(network).values()
    (found,) = section.values()
    assert found["ignore-carrier"] is True
    assert "critical" not in found


def test_a_leased_address_is_kept_when_nobody_renews_it() -> None:
    """The node goes on serving the shop while the router's DHCP is away."""
    (found,) = netplan(Network(interface="enp1s0"))["ethernets"].values()
    assert {"match": {"name": "enp1s0"}, "dhcp4": True, "critical": True} == found
