"""From what is written to what is meant: values looked up node, site, group, profile, defaults.

Maps merge per key, lists replace. The result does not depend on the order of keys in the file: maps
without an order of their own are sorted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgefleet.fleetfile.provenance import Membership
from edgefleet.model.hardware import DataDisk, Hardware, Proxy, RaspberryPi, Time
from edgefleet.model.medium import Base, Medium, Netboot
from edgefleet.model.network import Bond, Network, Wifi
from edgefleet.model.safety import Admission, BreakGlass, Firewall, Ssm, WireGuard
from edgefleet.model.site import K3s, Link, Location, Node, RegistryMirror, SiteSpec, User

Part = Mapping[str, Any]
"""A partial form of `edgefleet.fleetfile.settings`, validated, with Python's names."""

ONLY_NODE = "n1"
"""Name of the node of a site that has no `nodes`."""
_NODE_SETTINGS = ("labels", "taints", "network", "image", "hardware")
_HARDWARE = ("arch", "cpus", "memory", "disk", "storage", "accelerators")
_PLAIN = ("key_generation", "timezone", "ntp", "airgap", "hardening")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The validated parts of a fleet file."""

    fleet: str
    region: str
    recipe: int
    profiles: Mapping[str, Part]
    groups: Mapping[str, Part]
    defaults: Part
    digests: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """dict[k3s version -> dict[architecture -> hex SHA-256]], of the artifacts lock."""


def merged(weak: Part, strong: Part) -> dict[str, Any]:
    """`weak` overlaid by `strong`: maps merge per key, everything else is replaced."""
    made = dict(weak)
    for key, value in strong.items():
        below = made.get(key)
        made[key] = merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return made


class Resolver:
    """Builds sites from what is written; what many sites share is merged and made once."""

    def __init__(self, written: Written) -> None:
        self.written = written
        self._bases: dict[tuple[str | None, str | None], dict[str, Any]] = {}
        self._users: dict[int, tuple[User, ...]] = {}
        self._registries: dict[int, dict[str, RegistryMirror]] = {}
        self._k3s: dict[tuple[int, tuple[str, ...]], K3s] = {}
        self._kept: list[Any] = []

    def membership(self, site: Part) -> Membership:
        """What `site` inherits from; a profile or group that does not exist is named all the same."""
        group = site.get("group")
        inherited = self.written.groups.get(group, {}).get("profile") if group else None
        profile = site.get("profile") or inherited or self.written.defaults.get("profile")
        nodes = {
            name: chosen
            for name, node in self.nodes(site).items()
            if (chosen := node.get("profile") or profile) is not None
        }
        if profile is None and nodes:
            profile = nodes.get(self._server(self.nodes(site)))
        return Membership(group=group, profile=profile, nodes=nodes)

    @staticmethod
    def nodes(site: Part) -> Mapping[str, Part]:
        """The nodes of `site`; one without settings of its own where none is written."""
        nodes: Mapping[str, Part] = site.get("nodes") or {ONLY_NODE: {}}
        return nodes

    def site(self, name: str, site: Part, member: Membership) -> SiteSpec | None:
        """The resolved site; `None` where it has no k3s version.

        Each node of `member` has a profile that exists, and its group exists.
        """
        settings = self._settings(site, member.group, member.profile)
        nodes = self._nodes(name, site, member)
        k3s = self._k3s_of(settings, nodes)
        if k3s is None:
            return None
        given = {key: settings[key] for key in _PLAIN if key in settings}
        if "location" in settings:
            given["location"] = Location(**settings["location"])
        if "link" in settings:
            given["link"] = Link(**settings["link"])
        given |= _safety(settings)
        kinds = {"proxy": Proxy, "time": Time}
        given |= {key: kind(**settings[key]) for key, kind in kinds.items() if key in settings}
        return SiteSpec(
            fleet=self.written.fleet,
            region=self.written.region,
            name=name,
            recipe=self.written.recipe,
            users=self._users_of(settings),
            sysctls=_sorted(settings.get("sysctls", {})),
            registries=self._registries_of(settings),
            k3s=k3s,
            nodes=nodes,
            **given,
        )

    def _base(self, group: str | None, profile: str | None) -> dict[str, Any]:
        key = (group, profile)
        if key not in self._bases:
            with_profile = merged(self.written.defaults, self.written.profiles[profile] if profile else {})
            self._bases[key] = merged(with_profile, self.written.groups[group] if group else {})
        return self._bases[key]

    def _settings(self, site: Part, group: str | None, profile: str | None) -> dict[str, Any]:
        return merged(self._base(group, profile), site)

    def _nodes(self, name: str, site: Part, member: Membership) -> dict[str, Node]:
        parts = self.nodes(site)
        server = self._server(parts)
        return {
            node: self._node(
                merged(self._settings(site, member.group, profile), _own(part)),
                self.written.profiles[profile],
                hostname=part.get("hostname")
                or (f"{name}-{node}" if "nodes" in site else site.get("hostname", name)),
                role=part.get("role", "server" if node == server else "agent"),
            )
            for node, part in parts.items()
            if (profile := member.nodes[node])
        }

    @staticmethod
    def _server(nodes: Mapping[str, Part]) -> str:
        said = [name for name, node in nodes.items() if node.get("role") == "server"]
        free = [name for name, node in nodes.items() if "role" not in node]
        return next(iter([*said, *free, *nodes]))

    @staticmethod
    def _node(settings: Part, profile: Part, *, hostname: str, role: Any) -> Node:
        return Node(
            hostname=hostname,
            role=role,
            labels=_sorted(settings.get("labels", {})),
            taints=settings.get("taints", ()),
            network=_network(settings.get("network", {})),
            image=_medium(settings.get("image", {})),
            hardware=_hardware(settings.get("hardware", {})),
            **{key: profile[key] for key in _HARDWARE if key in profile},
        )

    def _users_of(self, settings: Part) -> tuple[User, ...]:
        users = settings.get("users")
        if not users:
            return ()
        if id(users) not in self._users:
            self._kept.append(users)
            self._users[id(users)] = tuple(User(name=name, **users[name]) for name in sorted(users))
        return self._users[id(users)]

    def _registries_of(self, settings: Part) -> dict[str, RegistryMirror]:
        mirrors = settings.get("registries")
        if not mirrors:
            return {}
        if id(mirrors) not in self._registries:
            self._kept.append(mirrors)
            self._registries[id(mirrors)] = {
                host: RegistryMirror(**mirrors[host]) for host in sorted(mirrors)
            }
        return self._registries[id(mirrors)]

    def _k3s_of(self, settings: Part, nodes: Mapping[str, Node]) -> K3s | None:
        k3s = settings.get("k3s")
        if not k3s or "version" not in k3s:
            return None
        archs = tuple(sorted({str(node.arch) for node in nodes.values()}))
        key = (id(k3s), archs)
        if key not in self._k3s:
            self._kept.append(k3s)
            known = self.written.digests.get(k3s["version"], {})
            given = k3s | {"config": _sorted(k3s.get("config", {}))}
            self._k3s[key] = K3s(**given, sha256={arch: known[arch] for arch in archs if arch in known})
        return self._k3s[key]


def _own(node: Part) -> dict[str, Any]:
    return {key: node[key] for key in _NODE_SETTINGS if key in node}


def _network(given: Part) -> Network:
    if not given:
        return Network()
    made = dict(given)
    if "bond" in made:
        made["bond"] = Bond(**made["bond"])
    if "wifi" in made:
        made["wifi"] = Wifi(**made["wifi"])
    return Network(**made)


def _medium(given: Part) -> Medium:
    made = dict(given)
    if "base" in made:
        made["base"] = Base(**made["base"])
    if "netboot" in made:
        netboot = made["netboot"]
        initrd = tuple(Base(**each) for each in netboot["initrd"])
        made["netboot"] = Netboot(**{**netboot, "kernel": Base(**netboot["kernel"]), "initrd": initrd})
    return Medium(**made)


def _hardware(given: Part) -> Hardware:
    kinds = {"raspberry_pi": RaspberryPi, "data_disk": DataDisk}
    return Hardware(**{**given, **{key: kind(**given[key]) for key, kind in kinds.items() if key in given}})


def _safety(settings: Part) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "firewall" in settings:
        written = settings["firewall"]
        allow = tuple(Admission(**each) for each in written.get("allow", ()))
        made["firewall"] = Firewall(**{**written, "allow": allow})
    if "break_glass" in settings:
        written = dict(settings["break_glass"])
        kinds = {"wireguard": WireGuard, "ssm": Ssm}
        made["break_glass"] = BreakGlass(
            **written | {name: kind(**written[name]) for name, kind in kinds.items() if name in written}
        )
    return made


def _sorted(given: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(given.items()))
