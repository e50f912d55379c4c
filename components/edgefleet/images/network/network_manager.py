"""The network of a node as NetworkManager's keyfiles (nm-settings-keyfile).

For systems without netplan; it has the same settings as `edgefleet.images.network.netplan`.
"""

import uuid

from edgefleet.images.network.devices import Device, devices
from edgefleet.images.network.networkd import Section, ini
from edgefleet.model.addresses import parsed_address
from edgefleet.model.network import Network

FOLDER = "/etc/NetworkManager/system-connections"
SPACE = uuid.UUID("0b3f4c9e-55d4-5f53-8a0e-0b5c0b1f7a52")
"""Namespace of the UUIDs of connections."""


def network_manager(network: Network) -> dict[str, bytes]:
    """dict[path -> content] of a wired network; NetworkManager requires mode 0600."""
    known = devices(network)
    bonds = {device.name for device in known if device.kind == "bond"}
    files = {
        f"{device.bond}-{device.name}" if device.bond else device.name: _sections(device, bonds)
        for device in known
    }
    return {f"{FOLDER}/{name}.nmconnection": ini(sections) for name, sections in sorted(files.items())}


def _sections(device: Device, bonds: set[str]) -> list[Section]:
    if device.bond:
        return _port(device)
    families = [_family(device, version) for version in (4, 6)]
    link, size = device.link, [("ethernet", size)] if (size := _size(device)) else []
    if device.kind == "vlan":
        parent = device.on if device.on in bonds else _uuid(device.on)
        tag = ("vlan", [("id", str(link.vlan)), ("parent", parent)])
        return [_connection(device.name, "vlan", device.name), *size, tag, *families]
    if (bond := device.joins) is not None:
        options = [("mode", bond.mode), ("miimon", "100")]
        if bond.glob is not None:
            options.append(("fail_over_mac", "active"))
        return [_connection(device.name, "bond", device.name), *size, ("bond", options), *families]
    named = [("match", [("interface-name", device.pattern)])] if device.pattern is not None else []
    return [_connection(device.name, "ethernet"), _found(device), *named, *families]


def _port(device: Device) -> list[Section]:
    """A port of a bond; with a glob, each interface that matches is one."""
    own = device.name if device.pattern == device.name else ""
    kind, settings = _connection(f"{device.bond}-{device.name}", "ethernet", own, under=device.bond)
    if own or device.mac is not None:
        return [(kind, settings), _found(device)]
    every = (kind, [*settings, ("multi-connect", "3")])
    return [every, _found(device), ("match", [("interface-name", device.pattern or "")])]


def _found(device: Device) -> Section:
    mac = [] if device.mac is None else [("mac-address", device.mac.upper())]
    return ("ethernet", [*mac, *_size(device)])


def _size(device: Device) -> list[tuple[str, str]]:
    return [] if device.link.mtu is None else [("mtu", str(device.link.mtu))]


def _uuid(name: str) -> str:
    return str(uuid.uuid5(SPACE, name))


def _connection(name: str, kind: str, interface: str = "", *, under: str = "") -> Section:
    settings = [("id", name), ("uuid", _uuid(name)), ("type", kind)]
    if interface:
        settings.append(("interface-name", interface))
    if under:
        settings += [("master", under), ("slave-type", "bond")]
    return ("connection", settings)


def _family(device: Device, version: int) -> Section:
    link = device.link
    if not device.has_addresses:
        return (f"ipv{version}", [("method", "disabled")])
    own = [str(interface) for interface in link.interfaces if interface.version == version]
    automatic = link.asks_dhcp if version == 4 else not own and (link.has_default_route or not device.path)  # noqa: PLR2004
    settings = [("method", "auto" if automatic else "manual" if own else "disabled")]
    settings += [(f"address{number}", address) for number, address in enumerate(own, 1)]
    if own or automatic:
        settings += _routing(device, version)
        settings += [("dns-search", "".join(f"{name};" for name in link.search))] if link.search else []
    if automatic:
        settings += _lease(device, version)
    return (f"ipv{version}", settings)


def _routing(device: Device, version: int) -> list[tuple[str, str]]:
    """Gateway, routes and name servers of one family."""
    link = device.link
    settings = [("gateway", link.gateways[version])] if version in link.gateways else []
    settings += [("route-metric", str(device.metric))] if device.metric is not None else []
    routes = [route for route in link.routes if parsed_address(route.via).version == version]
    for number, route in enumerate(routes, 1):
        to = route.to if "/" in route.to else f"{route.to}/{32 if version == 4 else 128}"  # noqa: PLR2004
        metric = "" if route.metric is None else f",{route.metric}"
        settings.append((f"route{number}", f"{to},{route.via}{metric}"))
    servers = [address for address in link.dns if parsed_address(address).version == version]
    return settings + ([("dns", "".join(f"{address};" for address in servers))] if servers else [])


def _lease(device: Device, version: int) -> list[tuple[str, str]]:
    """What is taken of a lease, and of the routers' advertisements."""
    link = device.link
    settings = [] if link.use_dns else [("ignore-auto-dns", "true")]
    settings += [] if link.has_default_route else [("ignore-auto-routes", "true"), ("never-default", "true")]
    if version == 4 and link.dhcp_identifier is not None:  # noqa: PLR2004
        settings.append(("dhcp-client-id", link.dhcp_identifier))
    return settings
