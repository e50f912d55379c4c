"""The network of a node as systemd-networkd's files (systemd.network, systemd.netdev).

For systems that have it and no netplan; it says what `edgefleet.images.network.netplan` says.
"""

from collections.abc import Mapping, Sequence

from edgefleet.images.network.netplan import ANY_WIRED
from edgefleet.model.network import Network

FOLDER = "/etc/systemd/network"
Section = tuple[str, Sequence[tuple[str, str]]]


def networkd(network: Network) -> dict[str, bytes]:
    """dict[path -> content] of a wired network."""
    files: dict[str, Sequence[Section]] = {}
    vlan = f"vlan{network.vlan}" if network.vlan is not None else None
    below: Sequence[Section] = (
        [("Network", [("VLAN", vlan), ("LinkLocalAddressing", "no")])] if vlan else _addressing(network)
    )
    if network.bond is not None:
        parameters = [("Mode", network.bond.mode), ("MIIMonitorSec", "100ms")]
        files["10-bond0.netdev"] = [("NetDev", [("Name", "bond0"), ("Kind", "bond")]), ("Bond", parameters)]
        ports = ("Match", [("Name", " ".join(network.bond.interfaces))])
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
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in values) for name, values in sections
    )
    return "\n".join(parts).encode()


def _found(network: Network) -> list[tuple[str, str]]:
    found = [("MACAddress", network.mac.lower())] if network.mac is not None else []
    if network.interface is not None or network.mac is None:
        found.append(("Name", network.interface or ANY_WIRED))
    return [*found, ("Type", "ether")]


def _addressing(network: Network) -> list[Section]:
    said = [("DHCP", "no" if network.is_static else "ipv4")]
    if not network.is_static:
        said.append(("KeepConfiguration", "dhcp"))
    elif network.mac is not None or network.bond is not None:
        said.append(("ConfigureWithoutCarrier", "yes"))
    said += [("Address", each) for each in network.addresses]
    said += [("Gateway", each) for each in gateways(network).values()]
    said += [("DNS", each) for each in network.dns]
    if network.search:
        said.append(("Domains", " ".join(network.search)))
    return [("Network", said)]


def gateways(network: Network) -> Mapping[int, str]:
    """dict[4 or 6 -> default gateway]."""
    every = (network.gateway, getattr(network, "gateway6", None))
    return {6 if ":" in each else 4: each for each in every if each is not None}
