"""The devices of a node's links, in one order for all writers."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from edgefleet.model.network import Bond, FurtherLink, Network, NetworkLink

FIRST_WIRELESS = "wlan0"
"""The wireless interface where none is named. networkd joins a wireless network only by the kernel's exact
name: netplan refuses `match` there, so no glob and no hardware address finds it."""
FIRST_MODEM = "cdc-wdm0"
"""The modem where none is named, as ModemManager names its control port."""
Kind = Literal["ethernet", "wifi", "modem", "bond", "vlan"]


class Device(NamedTuple):
    """One network device of a node."""

    name: str
    kind: Kind
    link: NetworkLink
    """The link that it belongs to."""
    path: tuple[str, ...] = ()
    """Where the link is below the network; empty for the main one."""
    has_addresses: bool = True
    """Whether it has the link's addresses; a bond's port and a VLAN's carrier have none."""
    bond: str = ""
    """The bond that it is a port of."""
    mac: str | None = None
    """Hardware address that finds it, in lower case."""
    on: str = ""
    """The carrier of a VLAN."""
    vlans: tuple[str, ...] = ()
    """The VLANs that it carries."""
    metric: int | None = None
    """Metric of its routes; `None` for the system's own."""

    @property
    def pattern(self) -> str | None:
        """The kernel's name or a glob of it that finds interfaces; `None` where an address alone does."""
        if self.bond and self.link.ports is not None:
            return None if self.mac else self.link.ports.glob or self.name
        return self.link.wired if self.link.interface is not None or self.link.mac is None else None

    @property
    def joins(self) -> Bond | None:
        """The bond that the device is."""
        return self.link.ports if self.kind == "bond" else None


def devices(network: Network) -> tuple[Device, ...]:
    """The devices of `network`: bonds after their ports, VLANs after their carriers, the main link first."""
    links = network.every
    metrics = network.metrics
    names = {path: _carrier_name(path, link) for path, link in links.items()}
    below = [device for path, link in links.items() for device in _physical(names[path], path, link)]
    vlans = []
    for path, link in links.items():
        if link.vlan is not None:
            name = path[-1] if path else f"vlan{link.vlan}"
            vlans.append(Device(name, "vlan", link, path, on=names.get(_carrier(link), "")))
    return tuple(
        device._replace(
            vlans=tuple(vlan.name for vlan in vlans if vlan.on == device.name),
            metric=metrics[device.path],
        )
        for device in (*below, *vlans)
    )


def _carrier(link: NetworkLink) -> tuple[str, ...]:
    """The path of the link whose device carries the VLAN of `link`."""
    return ("links", link.over) if isinstance(link, FurtherLink) and link.over is not None else ()


def _carrier_name(path: tuple[str, ...], link: NetworkLink) -> str:
    if not link.is_wired:
        return link.interface or (FIRST_MODEM if link.wifi is None else FIRST_WIRELESS)
    if link.auth is not None and link.mac is None and link.interface is not None:
        return link.interface  # netplan starts wpa_supplicant on the interface that the device is named after
    return path[-1] if path else "lan0" if link.ports is None else "bond0"


def _physical(name: str, path: tuple[str, ...], link: NetworkLink) -> Iterator[Device]:
    """The devices of a link that are not VLANs; none of a further link that is a VLAN."""
    if path and link.vlan is not None:
        return
    bond = link.ports
    for number, port in enumerate(() if bond is None else ports(bond), 1):
        mac = port.lower() if bond is not None and bond.macs else None
        known_as = port if mac is None else f"{name}p{number}"
        yield Device(known_as, "ethernet", link, path, has_addresses=False, bond=name, mac=mac)
    wireless: Kind = "modem" if link.modem is not None else "wifi"
    kind: Kind = "bond" if bond is not None else "ethernet" if link.is_wired else wireless
    mac = None if link.mac is None or bond is not None else link.mac.lower()
    yield Device(name, kind, link, path, has_addresses=link.vlan is None, mac=mac)


def ports(bond: Bond) -> tuple[str, ...]:
    """What finds the ports of a bond; one name for all that match a glob."""
    return ("ports",) if bond.glob is not None else bond.ports
