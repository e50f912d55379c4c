"""The network of a node as netplan's version 2 configuration (netplan reference; cloud-init, network v2)."""

from collections.abc import Iterator
from typing import Any

from edgefleet.images.network.devices import Device, devices
from edgefleet.model.addresses import parsed_address
from edgefleet.model.authentication import Authentication
from edgefleet.model.medium import Renderer
from edgefleet.model.network import Network
from edgefleet.model.paths import Part
from edgefleet.model.wireless import Modem, Wifi

SECTIONS = {"ethernet": "ethernets", "wifi": "wifis", "modem": "modems", "bond": "bonds", "vlan": "vlans"}


def netplan(network: Network, renderer: Renderer | None = None) -> dict[str, Any]:
    """The document for cloud-init's network-config; `renderer` is the program that netplan writes it for.

    Routes name ``0.0.0.0/0`` and ``::/0`` rather than ``default``, which older renderers do not support.
    """
    document: dict[str, Any] = {"version": 2} | ({} if renderer is None else {"renderer": renderer})
    known = devices(network)
    for device in known:
        names = [port.name for port in known if port.bond == device.name]
        joined = {"interfaces": names} if names else {}
        definition = {**joined, **_physical(device, renderer), **_addressing(device)}
        document.setdefault(SECTIONS[device.kind], {})[device.name] = definition
    return document


def _physical(device: Device, renderer: Renderer | None) -> dict[str, Any]:
    """How the device is found or made."""
    link = device.link
    own: dict[str, Any] = {}
    if device.kind == "vlan":
        own = {"id": link.vlan, "link": device.on}
    elif (bond := device.joins) is not None:
        own = {"parameters": {"mode": bond.mode, "mii-monitor-interval": "100"}}
        if bond.glob is not None:
            own["parameters"]["fail-over-mac-policy"] = "active"
    elif link.wifi is not None:
        own = {"access-points": dict(_access_points(device, link.wifi, renderer))}
    elif link.modem is not None:
        own = _modem(link.modem)
    elif not device.bond or device.pattern != device.name:
        own = _found(device)
    if link.auth is not None and device.kind == "ethernet":
        login = _login(link.auth, (*device.path, "auth"), renderer)
        own |= {"auth": {"key-management": "802.1x", **login}}
    return own if link.mtu is None else {**own, "mtu": link.mtu}


def _found(device: Device) -> dict[str, Any]:
    """The match of an interface; name and hardware address must both match if both are given."""
    match = {} if device.mac is None else {"macaddress": device.mac}
    if device.pattern is not None:
        match["name"] = device.pattern
    return {"match": match} if device.mac is None else {"match": match, "set-name": device.name}


def _access_points(
    device: Device, wifi: Wifi, renderer: Renderer | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, how it is joined) of each network; one without a password or a login has no encryption."""
    for place, network in wifi.placed.items():
        point: dict[str, Any] = {} if network.passphrase is None else {"password": network.passphrase}
        if network.auth is not None:
            login = _login(network.auth, (*device.path, *place, "auth"), renderer)
            point["auth"] = {"key-management": "eap", **login}
        yield network.ssid, {**point, **({"hidden": True} if network.hidden else {})}


def _login(login: Authentication, place: tuple[Part, ...], renderer: Renderer | None) -> dict[str, str]:
    """Netplan hands the inner method on as it stands: each program has its own spelling."""
    inner = login.inner if renderer == "NetworkManager" else login.inner.upper()
    given = {
        "method": login.method,
        "identity": login.identity,
        "anonymous-identity": login.anonymous_identity,
        "password": login.password,
        "phase2-auth": None if login.method == "tls" else inner,
        **{key: path for key, (path, _) in login.files(place).items()},
    }
    return {key: value for key, value in given.items() if value is not None}


def _modem(modem: Modem) -> dict[str, Any]:
    user, _, password = (modem.credentials or "").partition(":")
    given = {"apn": modem.apn, "pin": modem.pin, "username": user, "password": password}
    return {key: value for key, value in given.items() if value}


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
