"""The network of a node as systemd-networkd's files (systemd.network, systemd.netdev).

For systems without netplan; it has the same settings as `edgefleet.images.network.netplan`.
"""

from collections.abc import Iterator, Sequence

from edgefleet.images.network.devices import Device, devices
from edgefleet.model.network import Network
from edgefleet.model.writers.configuration import setting

FOLDER = "/etc/systemd/network"
Settings = Sequence[tuple[str, str]]
Section = tuple[str, Settings]
ORDER = {"ethernet": 20, "wifi": 20, "bond": 20, "vlan": 30}
NETDEV = 10


def networkd(network: Network) -> dict[str, bytes]:
    """dict[path -> content] of a wired network."""
    files: dict[str, Sequence[Section]] = {}
    for device in devices(network):
        if made := _netdev(device):
            files[f"{NETDEV}-{device.name}.netdev"] = made
        order = NETDEV if device.bond else ORDER[device.kind]
        name = f"{device.bond}-{device.name}" if device.bond else device.name
        files[f"{order}-{name}.network"] = [*_found(device), *_network(device)]
    return {f"{FOLDER}/{name}": ini(sections) for name, sections in sorted(files.items())}


def ini(sections: Sequence[Section]) -> bytes:
    """Sections of ``key=value`` lines."""
    parts = (
        f"[{setting(name)}]\n" + "".join(f"{setting(key)}={setting(value)}\n" for key, value in values)
        for name, values in sections
    )
    return "\n".join(parts).encode()


def _netdev(device: Device) -> list[Section]:
    """A device that networkd makes."""
    kind = ("NetDev", [("Name", device.name), ("Kind", device.kind)])
    if device.kind == "vlan":
        return [kind, ("VLAN", [("Id", str(device.link.vlan))])]
    if (bond := device.joins) is not None:
        follows = [("FailOverMACPolicy", "active")] if bond.glob is not None else []
        return [kind, ("Bond", [("Mode", bond.mode), ("MIIMonitorSec", "100ms"), *follows])]
    return []


def _found(device: Device) -> Iterator[Section]:
    if device.kind != "ethernet":
        yield "Match", [("Name", device.name)]
    else:
        key = "PermanentMACAddress" if device.bond else "MACAddress"  # a bond's ports have its address
        match = [(key, device.mac)] if device.mac is not None else []
        match += [("Name", device.pattern)] if device.pattern is not None else []
        yield "Match", [*match, ("Type", "ether")]
    line = [("MTUBytes", str(device.link.mtu))] if device.link.mtu is not None else []
    line += [("RequiredForOnline", "no")] if device.path else []
    if line:
        yield "Link", line


def _network(device: Device) -> Iterator[Section]:
    if device.bond:
        yield "Network", [("Bond", device.bond)]
        return
    link = device.link
    carried = [("VLAN", name) for name in device.vlans]
    if not device.has_addresses:
        yield "Network", [*carried, ("LinkLocalAddressing", "no")]
        return
    settings = [*carried, ("DHCP", "ipv4" if link.asks_dhcp else "no")]
    if link.asks_dhcp:
        settings.append(("KeepConfiguration", "dhcp"))
    elif link.is_static:
        settings.append(("ConfigureWithoutCarrier", "yes"))
    if device.path and not link.has_default_route:
        settings.append(("IPv6AcceptRA", "no"))
    settings += [("Address", address) for address in link.addresses]
    if device.metric is None:
        settings += [("Gateway", gateway) for gateway in link.gateways.values()]
    settings += [("DNS", server) for server in link.dns]
    if link.search:
        settings.append(("Domains", " ".join(link.search)))
    yield "Network", settings
    yield from _lease(device)
    yield from _routes(device)


def _lease(device: Device) -> Iterator[Section]:
    """What is taken of a lease, and of the routers' advertisements."""
    link = device.link
    taken = [] if device.metric is None else [("RouteMetric", str(device.metric))]
    taken += [] if link.use_dns else [("UseDNS", "no")]
    own = [] if link.has_default_route else [("UseRoutes", "no")]
    own += [] if link.dhcp_identifier is None else [("ClientIdentifier", link.dhcp_identifier)]
    if link.asks_dhcp and (taken or own):
        yield "DHCPv4", [*taken, *own]
    if taken and link.has_default_route:
        yield "IPv6AcceptRA", taken


def _routes(device: Device) -> Iterator[Section]:
    metric = [] if device.metric is None else [("Metric", str(device.metric))]
    if metric:
        for gateway in device.link.gateways.values():
            yield "Route", [("Gateway", gateway), *metric]
    for route in device.link.routes:
        own = [("Metric", str(route.metric))] if route.metric is not None else metric
        yield "Route", [("Destination", route.to), ("Gateway", route.via), *own]
