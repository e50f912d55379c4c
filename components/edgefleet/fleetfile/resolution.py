"""Resolve sites from their parts: node, site, group, node's profile, site's profile, defaults.

Maps merge per key, lists replace. The result does not depend on the order of keys in the file:
unordered maps are sorted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgefleet.fleetfile.partial import Builder
from edgefleet.fleetfile.provenance import OF_NODES, Membership
from edgefleet.model.channel import Channel
from edgefleet.model.edge import KubeEdge
from edgefleet.model.network import Network
from edgefleet.model.programs import KUBEEDGE
from edgefleet.model.site import HA, K3s, Node, NodeK3s, NodeSettings, SiteSpec
from edgefleet.runtimes import RUNTIMES, k3s_agent, k3s_server

Part = Mapping[str, Any]
"""A partial form of a spec, validated, with Python's names."""

ONLY_NODE = "n1"
"""Name of the node of a site that has no `nodes`."""


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
    archives: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """dict[version of KubeEdge -> dict[architecture -> hex SHA-256 of the archive]], of the same."""
    channel: Channel | None = None
    """How all sites fetch releases."""


def merged(weak: Part, strong: Part) -> dict[str, Any]:
    """`weak` overlaid by `strong`: maps merge per key, everything else is replaced."""
    result = dict(weak)
    for key, value in strong.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return result


class Resolver:
    """Builds sites from their parts; merges and builds parts that sites share once."""

    def __init__(self, written: Written) -> None:
        self.written = written
        self._bases: dict[tuple[str | None, ...], dict[str, Any]] = {}
        self._k3s: dict[tuple[int, tuple[str, ...], str | None], K3s] = {}
        self._kept: list[Part] = []
        """Whose ids are keys of `_k3s`."""
        self._builder = Builder()

    def membership(self, site: Part) -> Membership:
        """The parents of `site`, also if a profile or group does not exist."""
        group = site.get("group")
        inherited = self.written.groups.get(group, {}).get("profile") if group else None
        profile = site.get("profile") or inherited or self.written.defaults.get("profile")
        nodes = {
            name: chosen
            for name, node in self.nodes(site).items()
            if (chosen := node.get("profile") or profile) is not None
        }
        if profile is None and nodes:
            profile = nodes.get(_server(self.nodes(site)))
        return Membership(group=group, profile=profile, nodes=nodes)

    @staticmethod
    def nodes(site: Part) -> Mapping[str, Part]:
        """The nodes of `site`; by default one without own settings."""
        nodes: Mapping[str, Part] = site.get("nodes") or {ONLY_NODE: {}}
        return nodes

    def site(self, name: str, site: Part, member: Membership) -> SiteSpec | None:
        """The resolved site; `None` if it has no k3s version.

        Each node of `member` has a profile that exists, and its group exists.
        """
        settings = self._settings(site, member.group, member.profile)
        nodes = self._nodes(name, site, member)
        k3s = self._k3s_of(settings, nodes)
        if k3s is None:
            return None
        written = self.written
        return self._builder.build(
            SiteSpec,
            settings,
            fleet=written.fleet,
            region=written.region,
            name=name,
            recipe=written.recipe,
            k3s=k3s,
            kubeedge=self._kubeedge_of(settings, nodes),
            channel=written.channel and written.channel.of_sites,
            nodes=nodes,
        )

    def _base(self, group: str | None, *profiles: str | None) -> dict[str, Any]:
        key = (group, *profiles)
        if key not in self._bases:
            base: dict[str, Any] = dict(self.written.defaults)
            for profile in filter(None, profiles):
                base = merged(base, self.written.profiles[profile])
            self._bases[key] = merged(base, self.written.groups[group] if group else {})
        return self._bases[key]

    def _settings(self, site: Part, group: str | None, *profiles: str | None) -> dict[str, Any]:
        return merged(self._base(group, *profiles), site)

    def _nodes(self, name: str, site: Part, member: Membership) -> dict[str, Node]:
        parts = self.nodes(site)
        k3s = self._settings(site, member.group, member.profile).get("k3s", {})
        whole = {
            node: merged(self._settings(site, member.group, profile), part)
            for node, part in parts.items()
            if (profile := member.nodes[node])
        }
        server = _server(whole) if k3s.get("server") is None else None
        return {
            node: self._node(
                {"runtime": (k3s_server if node == server else k3s_agent).RUNTIME.name, **whole[node]},
                hostname=part.get("hostname")
                or (f"{name}-{node}" if "nodes" in site else site.get("hostname", name)),
                **self._own(site, part, member, profile),
            )
            for node, part in parts.items()
            if (profile := member.nodes[node])
        }

    def _own(self, site: Part, part: Part, member: Membership, profile: str) -> dict[str, Any]:
        """What a node has besides what its site has: settings, and keys of k3s."""
        if profile == member.profile and not part.keys() & OF_NODES:
            return {"k3s": NodeK3s()}
        of_site = self._settings(site, member.group, member.profile)
        whole = merged(self._settings(site, member.group, member.profile, profile), part)
        ours, theirs = (self._builder.build(NodeSettings, settings) for settings in (whole, of_site))
        config, below = (settings.get("k3s", {}).get("config", {}) for settings in (whole, of_site))
        more = {key: config[key] for key in sorted(config) if key not in below or below[key] != config[key]}
        return {"settings": None if ours == theirs else ours, "k3s": NodeK3s(config=more)}

    def _node(self, whole: Part, **ready: Any) -> Node:
        if "network" not in whole:
            ready["network"] = Network()
        return self._builder.build(Node, whole, **ready)

    def _k3s_of(self, settings: Part, nodes: Mapping[str, Node]) -> K3s | None:
        k3s = settings.get("k3s")
        if not any(RUNTIMES[node.runtime].is_k3s for node in nodes.values()):
            return self._builder.build(K3s, self._beside_defaults("k3s", k3s or {}))
        if not k3s or "version" not in k3s:
            return None
        archs = tuple(sorted({str(node.arch) for node in nodes.values()}))
        first = k3s.get("first") or next((name for name, node in nodes.items() if node.runtime == HA), None)
        key = (id(k3s), archs, first)
        if key not in self._k3s:
            pinned = self.written.digests.get(k3s["version"], {})
            digests = {arch: pinned[arch] for arch in archs if arch in pinned}
            self._k3s[key] = self._builder.build(K3s, {**k3s, "first": first}, sha256=digests)
            self._kept.append(k3s)
        return self._k3s[key]

    def _beside_defaults(self, key: str, part: Part) -> Part:
        """What a site without its runtime sets: defaults are for sites with it, the rest is refused later."""
        default = self.written.defaults.get(key, {})
        return {name: value for name, value in part.items() if default.get(name) != value}

    def _kubeedge_of(self, settings: Part, nodes: Mapping[str, Node]) -> KubeEdge:
        kubeedge = settings.get(KUBEEDGE, {})
        archs = sorted({str(node.arch) for node in nodes.values() if node.runtime == KUBEEDGE})
        if not archs:
            return self._builder.build(KubeEdge, self._beside_defaults(KUBEEDGE, kubeedge))
        pinned = self.written.archives.get(kubeedge.get("version", ""), {})
        digests = {arch: pinned[arch] for arch in archs if arch in pinned}
        return self._builder.build(KubeEdge, kubeedge, sha256=digests)


def _server(nodes: Mapping[str, Part]) -> str:
    """The node that runs the site's API: the first that asks for it, else the first that asks for nothing."""
    declared = [
        name for name, node in nodes.items() if "runtime" in node and RUNTIMES[node["runtime"]].runs_api
    ]
    free = [name for name, node in nodes.items() if "runtime" not in node]
    return next(iter([*declared, *free, *nodes]))
