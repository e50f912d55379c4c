"""The network of a node as NetworkManager's keyfiles (nm-settings-keyfile).

For systems without netplan; it has the same settings as `edgefleet.images.network.netplan`.
"""

import uuid

from edgefleet.images.network.networkd import Section, ini
from edgefleet.model.network import Network

FOLDER = "/etc/NetworkManager/system-connections"
SPACE = uuid.UUID("0b3f4c9e-55d4-5f53-8a0e-0b5c0b1f7a52")
"""Namespace of the UUIDs of connections."""


def network_manager(network: Network) -> dict[str, bytes]:
    """dict[path -> content] of a wired network; NetworkManager requires mode 0600."""
    files: dict[str, list[Section]] = {}
    own = [_family(network, version) for version in (4, 6)]
    below = [("ipv4", [("method", "disabled")]), ("ipv6", [("method", "disabled")])] if network.vlan else own
    if (bond := network.ports) is not None:
        options = [("mode", bond.mode), ("miimon", "100")]
        if bond.glob is not None:
            options.append(("fail_over_mac", "active"))
        files["bond0"] = [_connection("bond0", "bond", "bond0"), ("bond", options), *below]
        for name in ("ports",) if bond.glob is not None else bond.interfaces:
            files[f"bond0-{name}"] = _port(name, bond.glob)
    else:
        match = [("mac-address", network.mac.upper())] if network.mac is not None else []
        files["lan0"] = [_connection("lan0", "ethernet"), ("ethernet", match), *below]
        if network.interface is not None or network.mac is None:
            files["lan0"].insert(2, ("match", [("interface-name", network.wired)]))
    if network.vlan is not None:
        name = f"vlan{network.vlan}"
        parent = "bond0" if bond is not None else _uuid("lan0")
        tag = ("vlan", [("id", str(network.vlan)), ("parent", parent)])
        files[name] = [_connection(name, "vlan", name), tag, *own]
    return {f"{FOLDER}/{name}.nmconnection": ini(sections) for name, sections in sorted(files.items())}


def _port(name: str, glob: str | None) -> list[Section]:
    """A port of the bond; with a glob, each interface that matches is one."""
    id_ = f"bond0-{name}"
    if glob is None:
        return [_connection(id_, "ethernet", name, under="bond0"), ("ethernet", [])]
    kind, settings = _connection(id_, "ethernet", under="bond0")
    every = (kind, [*settings, ("multi-connect", "3")])
    return [every, ("ethernet", []), ("match", [("interface-name", glob)])]


def _uuid(name: str) -> str:
    return str(uuid.uuid5(SPACE, name))


def _connection(name: str, kind: str, interface: str = "", *, under: str = "") -> Section:
    settings = [("id", name), ("uuid", _uuid(name)), ("type", kind)]
    if interface:
        settings.append(("interface-name", interface))
    if under:
        settings += [("master", under), ("slave-type", "bond")]
    return ("connection", settings)


def _family(network: Network, version: int) -> Section:
    own = [str(interface) for interface in network.interfaces if interface.version == version]
    automatic = not network.is_static if version == 4 else not own  # noqa: PLR2004
    settings = [("method", "auto" if automatic else "manual" if own else "disabled")]
    settings += [(f"address{number}", address) for number, address in enumerate(own, 1)]
    if version in network.gateways and (own or automatic):
        settings.append(("gateway", network.gateways[version]))
    servers = [address for address in network.dns if (":" in address) is (version == 6)]  # noqa: PLR2004
    if servers:
        settings.append(("dns", "".join(f"{address};" for address in servers)))
    if network.search and (own or automatic):
        settings.append(("dns-search", "".join(f"{address};" for address in network.search)))
    return (f"ipv{version}", settings)
