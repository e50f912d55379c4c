"""Kind: a network that a node must be admitted to, which netplan can join and a fleet file could not.

Sources: canonical/netplan, the files of examples/ that each row names, and its reference (netplan-yaml).
Each row is the part `network` of a site, and what netplan gets; tests/images reads the same kinds of links by
netplan, networkd and NetworkManager themselves.
"""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from edgefleet.boot import wireless
from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.images.network.netplan import netplan
from edgefleet.model.authentication import FOLDER
from edgefleet.model.firstboot import Target
from edgefleet.model.stack_secrets import revealed
from edgefleet.rollout.cautions import cautions

Problems = Callable[..., list[Problem]]
SHOP = {"ssid": "Shop", "passphrase": {"secret": "shop"}}
MACS = ["02:00:5e:10:00:01", "02:00:5e:10:00:02"]


def sites(network: dict[str, Any], **settings: Any) -> str:
    return yaml.safe_dump({"sites": {"shop": {"network": network, **settings}}})


def wifi(**settings: Any) -> dict[str, Any]:
    return {"wifi": {"country": "DE", **settings}}


PEM = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"
BY_KEY = {
    "method": "tls",
    "identity": "host/shop",
    "ca": PEM,
    "certificate": PEM,
    "key": {"secret": "radius-key"},
}
BY_PASSWORD = {
    "method": "peap",
    "identity": "shop",
    "anonymousIdentity": "@shops.example",
    "ca": PEM,
    "password": {"secret": "radius"},
}
BASE = {"source": "https://x.example/base", "sha256": "0" * 64}
LTE = {"apn": "internet.example", "pin": {"secret": "sim"}}
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

ROWS |= {
    "a wired port by certificate: dhcp_wired8021x.yaml": (
        {"interface": "enp1s0", "auth": BY_KEY},
        {
            "ethernets": {
                "enp1s0": {
                    "match": {"name": "enp1s0"},
                    "auth": {
                        "key-management": "802.1x",
                        "method": "tls",
                        "identity": "host/shop",
                        "ca-certificate": f"{FOLDER}/auth.ca-certificate.pem",
                        "client-certificate": f"{FOLDER}/auth.client-certificate.pem",
                        "client-key": f"{FOLDER}/auth.client-key.pem",
                    },
                    "dhcp4": True,
                    "critical": True,
                }
            }
        },
    ),
    "Wi-Fi by password: wpa_enterprise.yaml": (
        wifi(ssid="Corp", auth=BY_PASSWORD),
        {
            "wifis": {
                "wlan0": {
                    "access-points": {
                        "Corp": {
                            "auth": {
                                "key-management": "eap",
                                "method": "peap",
                                "identity": "shop",
                                "anonymous-identity": "@shops.example",
                                "password": "{secret: radius}",
                                "phase2-auth": "MSCHAPV2",
                                "ca-certificate": f"{FOLDER}/wifi-auth.ca-certificate.pem",
                            }
                        }
                    },
                    "dhcp4": True,
                    "critical": True,
                }
            }
        },
    ),
    "a modem beside a wire: modem.yaml": (
        {"interface": "enp1s0", "links": {"lte": {"modem": LTE, "interface": "cdc-wdm1"}}},
        {
            "modems": {
                "cdc-wdm1": {
                    "apn": "internet.example",
                    "pin": "{secret: sim}",
                    "dhcp4": True,
                    "critical": True,
                    "optional": True,
                    "dhcp4-overrides": {"route-metric": 700},
                }
            }
        },
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_netplan_can_join_is_in_the_fleet_file(load: Callable[..., Fleet], row: str) -> None:
    network, expected = ROWS[row]
    image = {"renderer": "NetworkManager" if "modem" in row else "networkd"}
    document = netplan(load(sites(network, image=image)).sites["shop"].nodes["n1"].network)
    assert expected == {section: document.get(section) for section in expected}


def without(login: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in login.items() if name != key}


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
    (wifi(**SHOP, auth=BY_KEY), "wifi.passphrase", "wifi-conflict"),
    (AIR | {"auth": BY_KEY}, "auth", "wifi-conflict"),
    ({"auth": BY_KEY}, "auth", "auth-conflict"),
    ({"auth": BY_KEY, "bond": {"macs": MACS}}, "auth", "auth-conflict"),
    ({"interface": "enp1s0", "auth": without(BY_KEY, "key")}, "auth", "no-key"),
    ({"interface": "enp1s0", "auth": BY_PASSWORD | {"method": "tls"}}, "auth.password", "auth-conflict"),
    ({"interface": "enp1s0", "auth": BY_PASSWORD | {"inner": "pap"}}, "auth.inner", "auth-conflict"),
    ({"interface": "enp1s0", "auth": without(BY_KEY, "ca")}, "auth", "no-ca"),
    ({"interface": "enp1s0", "links": {"t": {"vlan": 3, "auth": BY_KEY}}}, "links.t.auth", "link-over"),
    ({"modem": LTE, "mac": MACS[0]}, "mac", "modem-conflict"),
    ({"modem": LTE, "address": "10.1.1.2/24", "gateway": "10.1.1.1"}, "address", "modem-conflict"),
]


@pytest.mark.parametrize(("network", "path", "code"), REFUSED)
def test_what_no_program_can_join_is_refused(
    problems: Problems, network: dict[str, Any], path: str, code: str
) -> None:
    """At the value that is to change."""
    found = [(problem.path, problem.code) for problem in problems(sites(network))]
    assert (f"sites.shop.network.{path or 'links.air.wifi.country'}", code) in found


def test_a_level_has_what_is_shared_of_a_login_and_a_lower_one_the_rest(load: Callable[..., Fleet]) -> None:
    """Method and certificates of the server once, identity and key for each node."""
    own = {"identity", "certificate", "key"}
    shared = {key: value for key, value in BY_KEY.items() if key not in own}
    nodes = {"n1": {"network": {"auth": {key: BY_KEY[key] for key in own}}}}
    site = load(sites({"interface": "enp1s0", "auth": shared}, nodes=nodes)).sites["shop"]
    login = site.nodes["n1"].network.auth
    assert login is not None
    assert ("tls", "host/shop", PEM) == (login.method, login.identity, login.ca)


def test_a_bond_shares_no_port_with_another_node(problems: Problems) -> None:
    """A hardware address is one port of one node."""
    both = {"sites": {name: {"network": {"bond": {"macs": MACS}}} for name in ("a", "b")}}
    found = [(problem.path, problem.code) for problem in problems(yaml.safe_dump(both))]
    assert [(f"sites.b.network.bond.macs[{at}]", "duplicate-mac") for at in (0, 1)] == found


NETBOOT = {"kernel": BASE, "initrd": [BASE], "arguments": "ds=nocloud;s={seed}"}
NEEDS_RENDERER: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"modem": LTE}, {}, "no-modem"),
    ({"interface": "enp1s0", "auth": BY_PASSWORD}, {}, "no-renderer"),
    (AIR, {"format": "ignition"}, "format-unsuited"),
    ({"interface": "enp1s0", "auth": BY_KEY}, {"format": "ignition"}, "format-unsuited"),
    ({"mac": MACS[0], "auth": BY_KEY}, {"format": "ipxe", "netboot": NETBOOT}, "format-unsuited"),
]


@pytest.mark.parametrize(("network", "image", "code"), NEEDS_RENDERER)
def test_what_a_base_system_cannot_join_is_refused_and_the_hint_names_one_that_can(
    problems: Problems, network: dict[str, Any], image: dict[str, Any], code: str
) -> None:
    """No system is assumed to have NetworkManager, and none of Ignition to have wpa_supplicant."""
    (problem,) = problems(sites(network, image=image))
    assert code == problem.code
    fixed = {} if image else {"renderer": "NetworkManager"}
    assert bool(image) or "image.renderer" in problem.hint
    assert [] == problems(sites(network, image={**fixed, **({"format": "nocloud"} if image else {})}))


def test_certificates_are_on_the_node_and_the_login_is_tried_again(load: Callable[..., Fleet]) -> None:
    """The network starts before cloud-init writes files; a node with a network of its own is left alone."""
    site = load(sites({"interface": "enp1s0", "auth": BY_KEY})).sites["shop"]
    known = revealed(site, {"radius-key": "MAMCAQU="})
    step = wireless.plan(Target(site=known, name="n1", key=""))
    assert {
        f"{FOLDER}/auth.ca-certificate.pem": (PEM, False),
        f"{FOLDER}/auth.client-certificate.pem": (PEM, False),
        f"{FOLDER}/auth.client-key.pem": (
            "-----BEGIN PRIVATE KEY-----\nMAMCAQU=\n-----END PRIVATE KEY-----\n",
            True,
        ),
    } == {file.path: (file.content.decode(), file.is_secret) for file in step.files}
    assert {0o600} == {file.mode for file in step.files}
    ((*_, command),) = step.commands
    assert command.startswith("if grep -qs /etc/edgefleet/802.1x/ /etc/netplan/*; then systemctl try-restart")


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
        "nodes of shop install Debian and have Wi-Fi or 802.1X: their base must have cloud-init and "
        "wpasupplicant; image build verifies this"
    )
    assert expected == notes[-1]
