"""Where the values of a fleet were declared: the line in a site, a group, a profile or the defaults.

Positions are computed on demand: the file's text is kept (a few hundred bytes a site), its composed form
(fifty times as much) is parsed again on the first query.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from edgefleet.fleetfile.partial import limited
from edgefleet.fleetfile.source import Positions, Source
from edgefleet.model.paths import Part, Path, parse_path
from edgefleet.model.site import Node, NodeSettings, SiteSpec
from edgefleet.model.spec import Level

HARDWARE = frozenset(limited(Node, Level.PROFILE).values())
"""Fields of a node that only a profile declares."""
OF_NODES = {field.name for field in fields(NodeSettings)} | {"k3s"}
"""Settings of a site that a node may have of its own; each is one word, in the file and in Python."""
TOP = frozenset({"fleet", "region", "recipe"})
"""Fields of a site that the fleet file declares once."""

IMAGES = frozenset({"store"})
"""Inputs of a site's images beside its spec, which the fleet file declares below ``images``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What a site inherits from."""

    group: str | None = None
    profile: str | None = None
    """The site's own profile."""
    nodes: Mapping[str, str] = field(default_factory=dict)
    """dict[node -> its profile]."""


@dataclass(slots=True, kw_only=True)
class Provenance:
    """The texts of a fleet file and its tables, and the inheritance between their parts."""

    text: Source
    rows: dict[str, Positions] = field(default_factory=dict)
    """dict[site -> its row], for sites that stand in a table."""
    listed: dict[str, int] = field(default_factory=dict)
    """dict[site -> position], for sites that are items of a list."""
    members: dict[str, Membership] = field(default_factory=dict)
    """dict[site -> its parents]."""

    def find(self, path: Sequence[Part], *, of_key: bool = False) -> str | None:
        """``file:line:column`` of exactly `path` of the fleet file; `None` if it is absent."""
        match path:
            case ("sites", name, *below) if (row := self.rows.get(str(name))) is not None:
                return row.find(below, of_key=of_key)
            case ("sites", name, *below) if (index := self.listed.get(str(name))) is not None:
                inside = ("name",) if of_key and not below else below
                return self.text.find(("sites", index, *inside), of_key=of_key and bool(below))
        return self.text.find(path, of_key=of_key)

    def near(self, path: Sequence[Part], *, of_key: bool = False) -> str:
        """``file:line:column`` at `path` of the fleet file, or of the nearest part around it."""
        exact = self.find(path, of_key=of_key)
        if exact is not None:
            return exact
        for length in range(len(path) - 1, 0, -1):
            around = self.find(path[:length], of_key=True)
            if around is not None:
                return around
        return self.text.at(self.text.root)

    def locate(self, site: SiteSpec, path: str) -> str:
        """``file:line:column`` of the declaration of the value at `path` of a site's spec."""
        parts = parse_path(path)
        while parts:
            for candidate in self._candidates(site, parts):
                position = self.find(candidate)
                if position is not None:
                    return position
            parts = parts[:-1]
        return self.near(("sites", site.name), of_key=True)

    def _candidates(self, site: SiteSpec, parts: Path) -> Iterator[Path]:
        """Paths in the fleet file that can declare the value at `parts` of a spec, in order of precedence."""
        head, *rest = parts
        own: Path = ("sites", site.name)
        member = self.members.get(site.name, Membership())
        if head in TOP:
            yield (head,)
        elif head in IMAGES:
            yield ("images", head)
        elif head in {"workloads", "channel"}:
            yield parts
        elif head == "nodes" and rest:
            node, *below = rest
            is_own = below[:1] == ["settings"]
            settings = site.settings_of(str(node)) if str(node) in site.nodes else site
            yield from self._of_node(own, member, (node, *_named(settings, tuple(below[is_own:]))))
        else:
            below = [*_named(site, parts)]
            for layer in (own, *_inherited(member, member.profile)):
                yield (*layer, *below)

    @staticmethod
    def _of_node(own: Path, member: Membership, rest: Sequence[Part]) -> Iterator[Path]:
        node, *below = rest
        profile = member.nodes.get(str(node), member.profile)
        if below and below[0] in HARDWARE and profile is not None:
            yield ("profiles", profile, *below)
        yield (*own, "nodes", node, *below)
        if below:
            profiles = (profile, member.profile) if below[0] in OF_NODES else (profile,)
            for layer in (own, *_inherited(member, *dict.fromkeys(profiles))):
                yield (*layer, *below)


def _inherited(member: Membership, *profiles: str | None) -> Iterator[Path]:
    if member.group is not None:
        yield ("groups", member.group)
    for profile in filter(None, profiles):
        yield ("profiles", profile)
    yield ("defaults",)


def _named(site: NodeSettings, parts: Path) -> Path:
    """`parts` with the position of a user replaced by the name that the file knows it by."""
    match parts:
        case ("users", int(index), *below) if index < len(site.users):
            return ("users", site.users[index].name, *below)
    return parts
