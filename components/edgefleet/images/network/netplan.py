"""The network of a node as netplan's version 2 configuration (netplan reference; cloud-init, network v2)."""

from typing import Any

from edgefleet.images.network.devices import Device, devices
from edgefleet.model.addresses import parsed_address
from edgefleet.model.network import Network
from edgefleet.model.wireless import WifiNetwork

SECTIONS = {"ethernet": "ethernets", "wifi": "wifis", "bond": "bonds", "vlan": "vlans"}


def netplan(network: Network) -> dict[str, Any]:
    """The document for cloud-init's network-config.

    Routes name ``0.0.0.0/0`` and ``::/0`` rather than ``default``, which older renderers do not support.
    """
    document: dict[str, Any] = {"version": 2}
    known = devices(network)
    for device in known:
        names = [port.name for port in known if port.bond == device.name]
        joined = {"interfaces": names} if names else {}
        definition = {**joined, **_physical(device), **_addressing(device)}
        document.setdefault(SECTIONS[device.kind], {})[device.name] = definition
    return document


def _physical(device: Device) -> dict[str, Any]:
    """How the device is found or made."""
    link = device.link
    size = {} if link.mtu is None else {"mtu": link.mtu}
    if device.kind == "vlan":
        return {"id": link.vlan, "link": device.on, **size}
    if device.bond and device.pattern == device.name:
        return size
    if (bond := device.joins) is not None:
        parameters = {"mode": bond.mode, "mii-monitor-interval": "100"}
        if bond.glob is not None:
            parameters["fail-over-mac-policy"] = "active"
        return {"parameters": parameters, **size}
    if link.wifi is not None:
        points = {network.ssid: _access_point(network) for network in link.wifi.networks}
        return {"access-points": points, **size}
    return {**_found(device), **size}


def _found(device: Device) -> dict[str, Any]:
    """The match of an interface; name and hardware address must both match if both are given."""
    match = {} if device.mac is None else {"macaddress": device.mac}
    if device.pattern is not None:
        match["name"] = device.pattern
    return {"match": match} if device.mac is None else {"match": match, "set-name": device.name}


def _access_point(network: WifiNetwork) -> dict[str, Any]:
    """One without a password is joined without encryption."""
    password = {} if network.passphrase is None else {"password": network.passphrase}
    return {**password, **({"hidden": True} if network.hidden else {})}


def _addressing(device: Device) -> dict[str, Any]:
    """Addresses that stay while the network is down.

    A leased address is kept if the lease is not renewed (networkd, KeepConfiguration), but not over a loss of
    carrier: the next router may have another subnet. The system does not wait for a further link at its
    start, and it believes routers only on a link with a default route.
    """
    link = device.link
    if not device.has_addresses:
        return {"dhcp4": False}
    addressing: dict[str, Any] = {"dhcp4": link.asks_dhcp}
    if link.asks_dhcp:
        addressing["critical"] = True
    elif link.is_static:
        addressing["ignore-carrier"] = True
    addressing |= _lease(device)
    if device.path:
        addressing |= {"optional": True, **({} if link.has_default_route else {"accept-ra": False})}
    if link.addresses:
        addressing["addresses"] = list(link.addresses)
    if routes := _routes(device):
        addressing["routes"] = routes
    servers = {"addresses": list(link.dns), "search": list(link.search)}
    if any(servers.values()):
        addressing["nameservers"] = {name: value for name, value in servers.items() if value}
    return addressing


def _lease(device: Device) -> dict[str, Any]:
    """What is taken of a lease."""
    link = device.link
    is_leased = link.asks_dhcp
    settings: dict[str, Any] = {"route-metric": device.metric} if is_leased and device.metric else {}
    settings |= {} if link.use_dns else {"use-dns": False}
    settings |= {"use-routes": False} if is_leased and not link.has_default_route else {}
    lease = {"dhcp4-overrides": settings} if settings else {}
    return lease if link.dhcp_identifier is None else {"dhcp-identifier": link.dhcp_identifier, **lease}


def _routes(device: Device) -> list[dict[str, Any]]:
    """Default routes and static ones; a link-local gateway is in no address's subnet."""
    routes: list[dict[str, Any]] = []
    for gateway in device.link.gateways.values():
        address = parsed_address(gateway)
        route = {"to": "0.0.0.0/0" if address.version == 4 else "::/0", "via": gateway}  # noqa: PLR2004
        routes.append({**route, "on-link": True} if address.is_link_local else route)
    routes = [route if device.metric is None else {**route, "metric": device.metric} for route in routes]
    for given in device.link.routes:
        metric = given.metric or device.metric
        routes.append({"to": given.to, "via": given.via} | ({} if metric is None else {"metric": metric}))
    return routes
