"""Consistency between values: inside a node's network, inside a site, and across the fleet.

Addresses are unique in the whole fleet, so that an address (in logs, over the VPN to the hub) identifies a
node. A fleet whose sites share one private subnet, each behind its own router, sets
``uniqueAddresses: site``, and a further link, often one that leads to machines of the site alone, may have
the same address at each. Hardware addresses and host names are always unique.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from edgefleet.errors import Problem
from edgefleet.fleetfile import links
from edgefleet.fleetfile.provenance import Membership
from edgefleet.images.media_checks import check_media
from edgefleet.model import kernel_command_line
from edgefleet.model.addresses import Address, parsed_address, parsed_interface
from edgefleet.model.hardware import SECURE_BOOT
from edgefleet.model.network import Network, NetworkLink
from edgefleet.model.paths import Part, format_path
from edgefleet.model.safety import RESCUE
from edgefleet.model.site import HA, Node, SiteSpec
from edgefleet.model.syntax import nearest
from edgefleet.runtimes import RUNTIMES, runtime_of
from edgefleet.runtimes.base.k3s_keys import of_one_node
from edgefleet.runtimes.base.runtime import Runtime

HOSTNAME_LIMIT = 63
BYTES_WITHOUT_UNIT = 1024**2
"""A memory below this lacks its unit."""
PI_ARCHS = frozenset({"arm64", "armhf"})
K = TypeVar("K")


@dataclass(slots=True)
class Owners:
    """The owners of unique values so far, over all sites."""

    unique: Literal["fleet", "site"] = "fleet"
    addresses: dict[tuple[str, Address], tuple[str, str]] = field(default_factory=dict)
    macs: dict[str, tuple[str, str]] = field(default_factory=dict)
    hostnames: dict[str, tuple[str, str]] = field(default_factory=dict)
    settings: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def check(self, site: SiteSpec) -> Iterator[Problem]:
        """Values of `site` that another site, or another of its nodes, already has."""
        for name, node in site.nodes.items():
            owner = (site.name, name if len(site.nodes) > 1 else "")
            base: tuple[Part, ...] = ("nodes", name)
            for path, address in _addresses(node.network):
                is_local = self.unique == "site" or path[0] == "links"
                scope = site.name if is_local else ""
                first = _first(self.addresses, (scope, parsed_interface(address).ip), owner)
                if first:
                    yield _taken((*base, "network", *path), "address", address, first, owner)
            for place, link in node.network.every.items():
                for key, mac in _macs(link):
                    if first := _first(self.macs, mac, owner):
                        yield _taken((*base, "network", *place, *key), "mac", mac, first, owner)
            if first := _first(self.hostnames, node.hostname, owner):
                yield _taken((*base, "hostname"), "hostname", node.hostname, first, owner)

        yield from self._shared(site)
        yield from self._settings(site)

    def _shared(self, site: SiteSpec) -> Iterator[Problem]:
        """The address that the servers of `site` share, where a node has it, or another site."""
        address, owner = site.k3s.virtual_address, (site.name, "k3s.virtualAddress")
        if address is not None:
            scope = site.name if self.unique == "site" else ""
            if first := _first(self.addresses, (scope, parsed_address(address)), owner):
                yield _taken(("k3s", "virtualAddress"), "address", address, first, owner)

    def _settings(self, site: SiteSpec) -> Iterator[Problem]:
        """Values of k3s for one node that a node of another site has too."""
        for name, node in site.nodes.items() if self.unique == "fleet" else ():
            for key, value in of_one_node(site, node):
                owner = (site.name, "")
                first = _first(self.settings, (key.rstrip("+"), value), owner)
                if first is not None and first != owner:
                    yield _taken(("nodes", name, "k3s", "config", key), "setting", value, first, owner)


def _first(owners: dict[K, tuple[str, str]], key: K, owner: tuple[str, str]) -> tuple[str, str] | None:
    """The owner of `key`; `None` if it was free, and `owner` gets it."""
    if key in owners:
        return owners[key]
    owners[key] = owner
    return None


_TAKEN_HINTS = {
    "address": "give each node its own address",
    "mac": "give each node the hardware address on its own label",
    "setting": "set it for each site or node",
    "hostname": "give each node its own hostname",
}
_OF_SITES = frozenset({"address", "setting"})
"""Kinds of values that other sites may have, too, with ``uniqueAddresses: site``."""


def _taken(
    path: tuple[Part, ...], kind: str, value: str, first: tuple[str, str], owner: tuple[str, str]
) -> Problem:
    """That `owner` has the `value` of `first`, which may be itself."""
    hint = _TAKEN_HINTS[kind]
    if path[-1] == "virtualAddress":
        hint = "write an address that nothing else has"
    elif kind == "address" and first == owner:
        hint = "write each address once"
    if kind in _OF_SITES and first[0] != owner[0]:
        hint += ", or set uniqueAddresses: site where sites reuse one subnet"
    problem = f"{value} is already {_whose(first, owner)}"
    return Problem.of_value(format_path(path), f"duplicate-{kind}", problem, hint)


def _whose(first: tuple[str, str], owner: tuple[str, str]) -> str:
    if first[0] == owner[0]:
        return f"{first[1] or ('this node' if first == owner else 'its node')}'s"
    return f"{first[0]}'s" if not first[1] else f"{first[0]}'s {first[1]}'s"


def _addresses(network: Network) -> Iterator[tuple[tuple[Part, ...], str]]:
    for path, link in network.every.items():
        if link.address is not None:
            yield (*path, "address"), link.address
        for index, address in enumerate(link.extra_addresses):
            yield (*path, "extraAddresses", index), address


def _macs(link: NetworkLink) -> Iterator[tuple[tuple[Part, ...], str]]:
    if link.mac is not None:
        yield ("mac",), link.mac
    for index, mac in enumerate(dict.fromkeys(link.bond.macs) if link.bond is not None else ()):
        yield ("bond", "macs", index), mac


def check_site(site: SiteSpec) -> Iterator[Problem]:
    """Inconsistencies inside `site`."""
    yield from _roles(site)
    yield from check_media(site)
    yield from check_hardware(site)
    for check in dict.fromkeys(runtime_of(node).check for node in site.nodes.values()):
        yield from check(site)
    for path, settings in site.parts if site.break_glass.console else ():
        if any(user.name == RESCUE for user in settings.users):
            problem = f"{RESCUE} is the user of the console, who has no keys"
            hint = "rename this user, or remove breakGlass.console"
            yield Problem.of_value(f"{path}users.{RESCUE}", "reserved-user", problem, hint)
    yield from _of_nodes(site, _network)
    yield from _of_nodes(site, _files)


def check_backup(site: SiteSpec) -> Iterator[Problem]:
    """Volumes of workloads that the site, with its workloads, does not have."""
    for index, name in enumerate(site.backup.volumes if site.backup is not None else ()):
        if name not in site.workloads:
            path = format_path(("backup", "volumes", index))
            hint = nearest(name, site.workloads, otherwise="remove it, or add the workload")
            yield Problem.of_value(path, "unknown-volume", f"no workload of this site is called {name}", hint)


def check_hardware(site: SiteSpec) -> Iterator[Problem]:
    """Inconsistencies between nodes' hardware and the settings of `site`."""
    yield from _of_nodes(site, _hardware)
    country = site.location.country if site.location is not None else None
    for name, node in site.nodes.items():
        for below, link in node.network.every.items():
            if link.wifi is not None and link.wifi.country is None:
                place = format_path(("network", *below, "wifi"))
                problem = "Wi-Fi has no country, and may stay off without one"
                hint = f"add country to {place}, such as country: {country or 'DE'}"
                yield Problem.of_value(f"nodes.{name}.{place}", "wifi-country", problem, hint)
    if site.time.serve and len(site.nodes) == 1:
        problem = "the site has one node, so no other node can use its time"
        yield Problem.of_value("time.serve", "nobody-to-serve", problem, "remove time.serve")
    for path, proxy in ((path, settings.proxy) for path, settings in site.parts):
        if proxy is not None and proxy.http is None and proxy.https is None:
            hint = "add proxy.https: http://proxy.example:3128, or remove proxy"
            yield Problem.of_value(f"{path}proxy", "no-proxy", "proxy has no address", hint)


def _of_nodes(site: SiteSpec, check: Callable[[Node], Iterator[Problem]]) -> Iterator[Problem]:
    for name, node in site.nodes.items():
        for problem in check(node):
            yield replace(problem, path=f"{format_path(('nodes', name))}.{problem.path}")


def _roles(site: SiteSpec) -> Iterator[Problem]:
    if not any(runtime_of(node).is_k3s for node in site.nodes.values()):
        return
    servers = [name for name, node in site.nodes.items() if runtime_of(node).runs_api]
    if site.k3s.server is not None:
        for name in servers:
            problem = f"{name} would be a server, and the site joins {site.k3s.server}"
            hint = f"remove runtime: {site.nodes[name].runtime}, or k3s.server"
            yield Problem.of_value(format_path(("nodes", name, "runtime")), "servers", problem, hint)
    elif len(servers) != 1 and all(site.nodes[name].runtime != HA for name in servers):
        several = f"{len(servers)} nodes are servers: {', '.join(servers)}"
        problem = several if servers else "no node is a server"
        yield Problem.of_value(
            "nodes", "servers", problem, "make exactly one the server and the others agents"
        )
    elif len(site.nodes) > 1:
        for name in (name for name in servers if not site.nodes[name].network.is_static):
            problem = f"{name} is a server that other nodes join, but it asks DHCP for an address"
            path = f"nodes.{name}.network.address"
            yield Problem.of_value(path, "server-without-address", problem, "give it a static address")


def _hardware(node: Node) -> Iterator[Problem]:
    board, disk = node.hardware.raspberry_pi, node.hardware.data_disk
    for position, word in kernel_command_line.contradictions(node):
        path = format_path(("kernel", "arguments", position))
        problem = f"{node.kernel.arguments[position]} contradicts {word}, which edgefleet sets"
        hint = "remove it, or remove hardware.serialConsole"
        yield Problem.of_value(path, "reserved-argument", problem, hint)
    if board is not None and node.arch not in PI_ARCHS:
        hint = "set the profile's arch to arm64 or armhf, or remove raspberryPi"
        yield Problem.of_value(
            "hardware.raspberryPi", "board-arch", f"a Raspberry Pi is not {node.arch}", hint
        )
    if disk is None:
        return
    if disk.encryption == "tpm2" and (board is not None or node.arch == "armhf"):
        problem = "a Raspberry Pi has no TPM" if node.arch != "armhf" else "armhf boards have no TPM"
        hint = "remove encryption: tpm2, or use a node with a TPM 2.0"
        yield Problem.of_value("hardware.dataDisk.encryption", "no-tpm", problem, hint)
    if disk.encryption != "tpm2" and disk.pcrs != SECURE_BOOT:
        problem, hint = "pcrs bind a key that the disk does not have", "add encryption: tpm2, or remove pcrs"
        yield Problem.of_value("hardware.dataDisk.pcrs", "no-tpm", problem, hint)
    if disk.device.startswith("/dev/disk/by-partlabel/EDGEFLEET-"):
        problem = f"{disk.device} is a part of the boot medium"
        yield Problem.of_value("hardware.dataDisk.device", "disk-is-medium", problem, "name another disk")


def _files(node: Node) -> Iterator[Problem]:
    disk = node.hardware.data_disk
    for path in node.files:
        place = format_path(("files", path))
        if disk is not None and path.startswith(f"{disk.path}/"):
            problem = f"{path} would be hidden by the data disk, which is mounted at {disk.path} later"
            hint = "write it elsewhere, and copy it there by commands"
            yield Problem.of_value(place, "hidden-file", problem, hint)
        if inside := [other for other in node.files if other.startswith(f"{path}/")]:
            problem = f"{path} is a file, and {inside[0]} needs a folder there"
            yield Problem.of_value(place, "file-is-folder", problem, "give one of them another path")


def _network(node: Node) -> Iterator[Problem]:
    if len(node.hostname) > HOSTNAME_LIMIT:
        problem = f"{node.hostname} has {len(node.hostname)} characters, {HOSTNAME_LIMIT} are allowed"
        yield Problem.of_value("hostname", "bad-name", problem, "give the node a shorter hostname")
    yield from links.check(node.network)


def too_small(profile: str, written: Mapping[str, Any], runtime: Runtime) -> Problem | None:
    """Why nodes of a profile cannot have `runtime`; `None` if they can."""
    minimum = runtime.minimum
    if minimum.holds_for(written["cpus"], written["memory"]):
        return None
    key = "cpus" if written["cpus"] < minimum.cpus else "memory"
    has = f"{written['cpus']} core{'s'[: written['cpus'] > 1]} and {written['memory'] / 1000**3:.2f} GB"
    problem = f"{profile} has {has}; {runtime.product} needs at least {minimum.words} for {runtime.title}"
    hint = f"use nodes with at least {minimum.words}"
    fitting = [
        each for each in RUNTIMES.values() if each.minimum.holds_for(written["cpus"], written["memory"])
    ]
    if fitting:
        nearest = max(fitting, key=lambda each: each.minimum.memory)
        joins = ", beside a server at the same site" if nearest.is_k3s and not nearest.runs_api else ""
        hint += f", or runtime: {nearest.name}, which needs {nearest.minimum.words}{joins}"
    if written["memory"] < BYTES_WITHOUT_UNIT:
        hint = f"{written['memory']} are bytes: write the unit of the memory, 8Gi"
    return Problem.of_value(f"profiles.{profile}.{key}", "too-small", problem, hint)


def runtimes_used(site: SiteSpec, member: Membership) -> Iterator[tuple[str, str]]:
    """(profile, name of the runtime) of each node of `site`."""
    for name, node in site.nodes.items():
        yield member.nodes[name], node.runtime
