"""Kind: a network that a node must be admitted to, which netplan can join and a fleet file could not.

Sources: canonical/netplan, the files of examples/ that each row names, and its reference (netplan-yaml).
Each row is the part `network` of a site, and what netplan gets; tests/images reads the same kinds of links by
netplan, networkd and NetworkManager themselves.
"""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.images.network.netplan import netplan
from edgefleet.rollout.cautions import cautions

Problems = Callable[..., list[Problem]]
SHOP = {"ssid": "Shop", "passphrase": {"secret": "shop"}}
MACS = ["02:00:5e:10:00:01", "02:00:5e:10:00:02"]


def sites(network: dict[str, Any], **settings: Any) -> str:
    return yaml.safe_dump({"sites": {"shop": {"network": network, **settings}}})


def wifi(**settings: Any) -> dict[str, Any]:
    return {"wifi": {"country": "DE", **settings}}


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "several and hidden networks, one of them open: wireless.yaml": (
        wifi(**SHOP, others=[{**SHOP, "ssid": "Back", "hidden": True}, {"ssid": "Guests", "open": True}]),
        {
            "wifis": {
                "wlan0": {
                    "access-points": {
                        "Shop": {"password": "{secret: shop}"},
                        "Back": {"password": "{secret: shop}", "hidden": True},
                        "Guests": {},
                    },
                    "dhcp4": True,
                    "critical": True,
                }
            }
        },
    ),
    "Wi-Fi beside a wire: wireless.yaml": (
        {"interface": "enp1s0", "links": {"air": {"interface": "wlp2s0", **wifi(**SHOP)}}},
        {
            "wifis": {
                "wlp2s0": {
                    "access-points": {"Shop": {"password": "{secret: shop}"}},
                    "dhcp4": True,
                    "critical": True,
                    "optional": True,
                    "dhcp4-overrides": {"route-metric": 600},
                }
            }
        },
    ),
    "a bond of ports by their hardware addresses: bonding.yaml": (
        {"bond": {"macs": MACS, "mode": "802.3ad"}},
        {
            "ethernets": {
                f"bond0p{number}": {
                    "match": {"macaddress": mac},
                    "set-name": f"bond0p{number}",
                    "dhcp4": False,
                }
                for number, mac in enumerate(MACS, 1)
            },
            "bonds": {
                "bond0": {
                    "interfaces": ["bond0p1", "bond0p2"],
                    "parameters": {"mode": "802.3ad", "mii-monitor-interval": "100"},
                    "dhcp4": True,
                    "critical": True,
                }
            },
        },
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_netplan_can_join_is_in_the_fleet_file(load: Callable[..., Fleet], row: str) -> None:
    network, expected = ROWS[row]
    document = netplan(load(sites(network)).sites["shop"].nodes["n1"].network)
    assert expected == {section: document.get(section) for section in expected}


AIR = wifi(**SHOP)
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (wifi(ssid="Guests"), "wifi.ssid", "no-passphrase"),
    (wifi(**SHOP, open=True), "wifi.open", "wifi-conflict"),
    (wifi(**SHOP, others=[{"ssid": "Guests"}]), "wifi.others[0].ssid", "no-passphrase"),
    (wifi(**SHOP, others=[SHOP]), "wifi.others[0].ssid", "same-ssid"),
    (AIR | {"links": {"air": {"interface": "wlan1", "wifi": {**SHOP, "country": "FR"}}}}, "", "wifi-country"),
    ({"bond": {"mode": "802.3ad"}}, "bond", "no-ports"),
    ({"bond": {"macs": MACS, "interfaces": ["enp1s0"]}}, "bond.macs", "bond-conflict"),
    ({"bond": {"macs": [MACS[0], MACS[0]]}}, "bond.macs", "bond-conflict"),
    ({"bond": {"macs": MACS}, "mac": MACS[0]}, "bond.macs[0]", "duplicate-mac"),
]


@pytest.mark.parametrize(("network", "path", "code"), REFUSED)
def test_what_no_program_can_join_is_refused(
    problems: Problems, network: dict[str, Any], path: str, code: str
) -> None:
    """At the value that is to change."""
    found = [(problem.path, problem.code) for problem in problems(sites(network))]
    assert (f"sites.shop.network.{path or 'links.air.wifi.country'}", code) in found


def test_a_bond_shares_no_port_with_another_node(problems: Problems) -> None:
    """A hardware address is one port of one node."""
    both = {"sites": {name: {"network": {"bond": {"macs": MACS}}} for name in ("a", "b")}}
    found = [(problem.path, problem.code) for problem in problems(yaml.safe_dump(both))]
    assert [(f"sites.b.network.bond.macs[{at}]", "duplicate-mac") for at in (0, 1)] == found


def installed_from(base: str) -> str:
    image = {"format": "iso", "installer": "debian", "base": {"source": base, "sha256": "0" * 64}}
    return sites(AIR, image=image)


def test_wifi_with_a_medium_that_cannot_install_it_is_refused(problems: Problems) -> None:
    """Issue 16, E4: Debian's installer stopped after it had erased the disk."""
    found = problems(installed_from("https://x.example/debian-12.5.0-amd64-netinst.iso"))
    assert [("sites.shop.image.format", "format-unsuited")] == [(item.path, item.code) for item in found]


def test_wifi_with_a_medium_of_unknown_content_is_noted(load: Callable[..., Fleet]) -> None:
    """Its packages are read at the build, before anything is written."""
    notes = cautions(load(installed_from("https://x.example/debian-12.5.0-amd64-DVD-1.iso")))
    expected = (
        "nodes of shop install Debian and have Wi-Fi: their base must have cloud-init and wpasupplicant; "
        "image build verifies this"
    )
    assert expected == notes[-1]
