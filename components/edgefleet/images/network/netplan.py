"""The network of a node as netplan's version 2 configuration (netplan reference; cloud-init, network v2)."""

from typing import Any

from edgefleet.model.addresses import parsed_address
from edgefleet.model.network import Network

ANY_WIRED = "e*"
"""Glob of kernel names for a wired interface that the fleet file does not name."""
FIRST_WIRELESS = "wlan0"
"""The wireless interface where none is named. networkd joins a wireless network only by the kernel's exact
name: netplan refuses `match` there, so no glob and no hardware address finds it."""


def netplan(network: Network, *, wifi_passphrase: str | None = None) -> dict[str, Any]:
    """The document for cloud-init's network-config.

    Routes name ``0.0.0.0/0`` and ``::/0`` rather than ``default``, which older renderers do not support.
    """
    kind, name, device = _device(network, wifi_passphrase)
    document: dict[str, Any] = {"version": 2}
    if network.bond is not None:
        document["ethernets"] = {port: {"dhcp4": False} for port in network.bond.interfaces}
    if network.vlan is None:
        document[kind] = {name: {**device, **_addressing(network)}}
        return document
    document[kind] = {name: {**device, "dhcp4": False}}
    document["vlans"] = {f"vlan{network.vlan}": {"id": network.vlan, "link": name, **_addressing(network)}}
    return document


def _device(network: Network, wifi_passphrase: str | None) -> tuple[str, str, dict[str, Any]]:
    """(section, name, definition of the device)."""
    if network.bond is not None:
        parameters = {"mode": network.bond.mode, "mii-monitor-interval": "100"}
        return "bonds", "bond0", {"interfaces": list(network.bond.interfaces), "parameters": parameters}
    if network.wifi is not None:
        access = {network.wifi.ssid: {"password": wifi_passphrase}}
        return "wifis", network.interface or FIRST_WIRELESS, {"access-points": access}
    return "ethernets", "lan0", _found(network)


def _found(network: Network) -> dict[str, Any]:
    """The match of an interface; name and hardware address must both match if both are given."""
    if network.mac is None:
        return {"match": {"name": network.interface or ANY_WIRED}}
    match = {"macaddress": network.mac.lower()}
    if network.interface is not None:
        match["name"] = network.interface
    return {"match": match, "set-name": "lan0"}


def _addressing(network: Network) -> dict[str, Any]:
    """Addresses that stay while the network is down.

    A fixed address and its route, without which k3s does not start, stay without carrier too: the modem may
    be off. This does not hold if several interfaces match, as a dead one would take the route. A leased
    address is kept if the lease is not renewed (networkd, KeepConfiguration), but not over a loss of carrier:
    the next router may have another subnet.
    """
    addressing: dict[str, Any] = {"dhcp4": not network.is_static}
    if not network.is_static:
        addressing["critical"] = True
    elif _is_one_interface(network):
        addressing["ignore-carrier"] = True
    if network.addresses:
        addressing["addresses"] = list(network.addresses)
    if network.gateways:
        addressing["routes"] = [_route(gateway) for gateway in network.gateways.values()]
    servers = {"addresses": list(network.dns), "search": list(network.search)}
    if any(servers.values()):
        addressing["nameservers"] = {name: value for name, value in servers.items() if value}
    return addressing


def _route(gateway: str) -> dict[str, Any]:
    """The default route over `gateway`; a link-local gateway is in no address's subnet."""
    address = parsed_address(gateway)
    route = {"to": "0.0.0.0/0" if address.version == 4 else "::/0", "via": gateway}  # noqa: PLR2004
    return {**route, "on-link": True} if address.is_link_local else route


def _is_one_interface(network: Network) -> bool:
    if network.mac is not None or network.bond is not None or network.wifi is not None:
        return True
    return not set(network.interface or ANY_WIRED) & set("*?[]!")
