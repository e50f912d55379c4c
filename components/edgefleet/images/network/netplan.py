"""The network of a node as netplan's version 2 configuration (netplan reference; cloud-init, network v2)."""

from typing import Any

from edgefleet.model.addresses import parsed_address
from edgefleet.model.network import Bond, Network

FIRST_WIRELESS = "wlan0"
"""The wireless interface where none is named. networkd joins a wireless network only by the kernel's exact
name: netplan refuses `match` there, so no glob and no hardware address finds it."""


def netplan(network: Network) -> dict[str, Any]:
    """The document for cloud-init's network-config.

    Routes name ``0.0.0.0/0`` and ``::/0`` rather than ``default``, which older renderers do not support.
    """
    kind, name, device = _device(network)
    document: dict[str, Any] = {"version": 2}
    if network.ports is not None:
        document["ethernets"] = _ports(network.ports)
    if network.vlan is None:
        document[kind] = {name: {**device, **_addressing(network)}}
        return document
    document[kind] = {name: {**device, "dhcp4": False}}
    document["vlans"] = {f"vlan{network.vlan}": {"id": network.vlan, "link": name, **_addressing(network)}}
    return document


def _device(network: Network) -> tuple[str, str, dict[str, Any]]:
    """(section, name, definition of the device)."""
    if (bond := network.ports) is not None:
        parameters = {"mode": bond.mode, "mii-monitor-interval": "100"}
        if bond.glob is not None:
            parameters["fail-over-mac-policy"] = "active"
        return "bonds", "bond0", {"interfaces": list(_ports(bond)), "parameters": parameters}
    if network.wifi is not None:
        access = {network.wifi.ssid: {"password": network.wifi.passphrase}}
        return "wifis", network.interface or FIRST_WIRELESS, {"access-points": access}
    return "ethernets", "lan0", _found(network)


def _ports(bond: Bond) -> dict[str, dict[str, Any]]:
    """dict[id -> definition] of the ports of a bond."""
    if bond.glob is not None:
        return {"ports": {"match": {"name": bond.glob}, "dhcp4": False}}
    return {port: {"dhcp4": False} for port in bond.interfaces}


def _found(network: Network) -> dict[str, Any]:
    """The match of an interface; name and hardware address must both match if both are given."""
    if network.mac is None:
        return {"match": {"name": network.wired}}
    match = {"macaddress": network.mac.lower()}
    if network.interface is not None:
        match["name"] = network.interface
    return {"match": match, "set-name": "lan0"}


def _addressing(network: Network) -> dict[str, Any]:
    """Addresses that stay while the network is down.

    A fixed address and its route, without which k3s does not start, stay without carrier too: the modem may
    be off. A leased address is kept if the lease is not renewed (networkd, KeepConfiguration), but not over a
    loss of carrier: the next router may have another subnet.
    """
    addressing: dict[str, Any] = {"dhcp4": not network.is_static}
    addressing["ignore-carrier" if network.is_static else "critical"] = True
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
