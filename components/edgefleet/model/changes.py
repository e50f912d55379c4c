"""What differs between two specs of a site, what that does to its boxes, and which sites differ alike.

Pure. A spec is taken in its plain form (`edgefleet.model.spec.to_plain`), as state holds it. A value that
equals its default is left out there, so defaults are put back in before two values are shown side by side.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from edgefleet.model.effects import Effect
from edgefleet.model.paths import Part, format_path, parse_path
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import to_plain
from edgefleet.model.steps import Op
from edgefleet.model.type_introspection import at, defaults_of, is_record

Plain = Mapping[str, Any]
"""A `SiteSpec` as plain data."""


class Change(NamedTuple):
    """One value that differs."""

    path: str
    """Where, ``nodes.n1.network.address``; a list is one value, but a list of maps of equal length is not."""
    old: Any
    """`None` where there was nothing."""
    new: Any
    """`None` where there is nothing any more."""


def changes_between(old: Plain, new: Plain) -> tuple[Change, ...]:
    """What differs between two plain specs, sorted by path."""
    return tuple(sorted(_changes(old, new, ()), key=lambda change: change.path))


def _changes(old: Any, new: Any, path: tuple[Part, ...]) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {*old, *new}:
            below = (*path, key)
            default = _default(path, key)
            yield from _changes(old.get(key, default), new.get(key, default), below)
    elif _are_alike(old, new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _changes(left, right, (*path, index))
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield Change(format_path(path), old, new)


def _are_alike(old: Any, new: Any) -> bool:
    """Whether both are lists of as many maps, compared one by one."""
    return (
        isinstance(old, list)
        and isinstance(new, list)
        and len(old) == len(new)
        and all(isinstance(item, Mapping) for item in (*old, *new))
    )


def _default(path: tuple[Part, ...], key: str) -> Any:
    shape = at(SiteSpec, path)
    return None if shape is None else _plain_defaults(shape.bare).get(key)


@cache
def _plain_defaults(kind: Any) -> dict[str, Any]:
    """dict[field -> default] in the plain form; an empty list reads as `None`, as a person would."""
    found: dict[str, Any] = {}
    for name, value in defaults_of(kind).items():
        plain = to_plain(value) if is_record(type(value)) else value
        found[name] = None if isinstance(plain, tuple) and not plain else plain
    return found


@cache
def declared_effect(path: str) -> Effect:
    """The effect that `SiteSpec` declares for a change of the value at `path`.

    A value inside a map or list has the effect of its field; the nearest declaration around it counts.
    What no spec declares is taken for the worst.
    """
    parts = parse_path(path)
    for length in range(len(parts), 0, -1):
        shape = at(SiteSpec, parts[:length])
        effects = [note for note in shape.notes if isinstance(note, Effect)] if shape else []
        if effects:
            return effects[0]
    return Effect.REFLASH


def effect_of(changes: Iterable[Change], *, digest_changed: bool | None, has_channel: bool = False) -> Effect:
    """What an update does to a deployed site.

    Args:
        changes: what differs in its spec.
        digest_changed: whether any node's image differs; `None` where that is not known yet.
        has_channel: whether the site pulls changes while it runs. Without a channel a new image is the
            only way to change a box, so whatever changes an image asks for a reflash.
    """
    declared = Effect.worst(*(declared_effect(change.path) for change in changes))
    if has_channel:
        is_unexplained = bool(digest_changed) and declared is Effect.NONE
        return Effect.REFLASH if is_unexplained else declared
    is_changed = declared is not Effect.NONE if digest_changed is None else digest_changed
    return Effect.REFLASH if is_changed else Effect.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChange:
    """What becomes of one site in a run."""

    name: str
    op: Op
    effect: Effect = Effect.NONE
    """On the deployed site; it has no meaning for one that is new or gone."""
    changes: tuple[Change, ...] = ()
    nodes: tuple[str, ...] = ("n1",)
    """All nodes that the site has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGroup:
    """Sites with the same change."""

    op: Op
    effect: Effect
    changes: tuple[Change, ...]
    """Without the names of nodes where all nodes of a site change alike: ``network.gateway``."""
    sites: tuple[str, ...]
    """Names, sorted."""


def grouped(sites: Iterable[SiteChange]) -> tuple[ChangeGroup, ...]:
    """Sites with the same op, effect and changes together.

    The worst effect first, within it the larger group first, then by the first site's name. Sites with
    nothing to do (op `same`) are in no group.
    """
    found: dict[str, tuple[SiteChange, tuple[Change, ...], list[str]]] = {}
    for site in sites:
        if site.op == "same":
            continue
        changes = without_nodes(site.changes, site.nodes)
        key = repr((site.op, site.effect, changes))
        found.setdefault(key, (site, changes, []))[2].append(site.name)
    groups = (
        ChangeGroup(op=site.op, effect=site.effect, changes=changes, sites=tuple(sorted(names)))
        for site, changes, names in found.values()
    )
    return tuple(sorted(groups, key=lambda group: (-group.effect.rank, -len(group.sites), group.sites[0])))


def without_nodes(changes: Iterable[Change], nodes: Iterable[str]) -> tuple[Change, ...]:
    """`changes` with those that all of `nodes` have alike told once, without a node's name."""
    names = set(nodes)
    kept: list[Change] = []
    alike: dict[str, tuple[Change, set[str]]] = {}
    for change in changes:
        head, *rest = parse_path(change.path)
        if head != "nodes" or len(rest) <= 1:
            kept.append(change)
            continue
        shared = Change(format_path(rest[1:]), change.old, change.new)
        alike.setdefault(repr(shared), (shared, set()))[1].add(str(rest[0]))
    for shared, having in alike.values():
        if having >= names:
            kept.append(shared)
        else:
            kept += [
                Change(format_path(("nodes", node, *parse_path(shared.path))), *shared[1:]) for node in having
            ]
    return tuple(sorted(kept, key=lambda change: change.path))


FATES = ("reflash", "restart", "live", "new", "gone", "unchanged", "none")
"""What becomes of a site; each has exactly one. `none` differs, but no box notices."""


def fate(site: SiteChange) -> str:
    """Which of `FATES` is the site's."""
    if site.op in {"create", "import"}:
        return "new"
    if site.op == "delete":
        return "gone"
    if site.op in {"same", "read", "refresh"}:
        return "unchanged"
    return site.effect.value


def counted(sites: Iterable[SiteChange]) -> dict[str, int]:
    """dict[fate -> sites]; adds up to all sites."""
    counts = Counter(map(fate, sites))
    return {name: counts[name] for name in FATES}
