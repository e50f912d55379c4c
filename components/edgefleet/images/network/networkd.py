"""The network of a node as systemd-networkd's files (systemd.network, systemd.netdev).

For systems without netplan; it has the same settings as `edgefleet.images.network.netplan`.
"""

from collections.abc import Sequence

from edgefleet.model.network import Network
from edgefleet.model.writers.configuration import setting

FOLDER = "/etc/systemd/network"
Section = tuple[str, Sequence[tuple[str, str]]]


def networkd(network: Network) -> dict[str, bytes]:
    """dict[path -> content] of a wired network."""
    files: dict[str, Sequence[Section]] = {}
    vlan = f"vlan{network.vlan}" if network.vlan is not None else None
    below: Sequence[Section] = (
        [("Network", [("VLAN", vlan), ("LinkLocalAddressing", "no")])] if vlan else _addressing(network)
    )
    if (bond := network.ports) is not None:
        parameters = [("Mode", bond.mode), ("MIIMonitorSec", "100ms")]
        if bond.glob is not None:
            parameters.append(("FailOverMACPolicy", "active"))
        files["10-bond0.netdev"] = [("NetDev", [("Name", "bond0"), ("Kind", "bond")]), ("Bond", parameters)]
        ports = ("Match", [("Name", " ".join(bond.interfaces)), ("Type", "ether")])
        files["10-bond0-ports.network"] = [ports, ("Network", [("Bond", "bond0")])]
        files["20-bond0.network"] = [("Match", [("Name", "bond0")]), *below]
    else:
        files["20-lan0.network"] = [("Match", _found(network)), *below]
    if vlan is not None:
        kind = [("Name", vlan), ("Kind", "vlan")]
        files[f"10-{vlan}.netdev"] = [("NetDev", kind), ("VLAN", [("Id", str(network.vlan))])]
        files[f"30-{vlan}.network"] = [("Match", [("Name", vlan)]), *_addressing(network)]
    return {f"{FOLDER}/{name}": ini(sections) for name, sections in sorted(files.items())}


def ini(sections: Sequence[Section]) -> bytes:
    """Sections of ``key=value`` lines."""
    parts = (
        f"[{setting(name)}]\n" + "".join(f"{setting(key)}={setting(value)}\n" for key, value in values)
        for name, values in sections
    )
    return "\n".join(parts).encode()


def _found(network: Network) -> list[tuple[str, str]]:
    match = [("MACAddress", network.mac.lower())] if network.mac is not None else []
    if network.interface is not None or network.mac is None:
        match.append(("Name", network.wired))
    return [*match, ("Type", "ether")]


def _addressing(network: Network) -> list[Section]:
    settings = [("DHCP", "no" if network.is_static else "ipv4")]
    settings.append(
        ("ConfigureWithoutCarrier", "yes") if network.is_static else ("KeepConfiguration", "dhcp")
    )
    settings += [("Address", address) for address in network.addresses]
    settings += [("Gateway", gateway) for gateway in network.gateways.values()]
    settings += [("DNS", server) for server in network.dns]
    if network.search:
        settings.append(("Domains", " ".join(network.search)))
    return [("Network", settings)]
