"""Effects of a spec's changes on a site's nodes, and groups of sites with the same change. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from edgefleet.model.differ import Change
from edgefleet.model.effects import Effect
from edgefleet.model.paths import format_path, parse_path
from edgefleet.model.steps import Op
from edgefleet.model.type_introspection import at


@cache
def declared_effect(of: Any, path: str) -> Effect:
    """The effect that the spec `of` declares for a change of the value at `path`.

    A value inside a map or list has the effect of its field; the nearest declaration around it counts.
    An undeclared change counts as the worst.
    """
    parts = parse_path(path)
    for length in range(len(parts), 0, -1):
        shape = at(of, parts[:length])
        if shape is not None and (effect := shape.note(Effect)) is not None:
            return effect
    return Effect.REFLASH


def effect_of(
    of: Any, changes: Iterable[Change], *, digest_changed: bool | None, has_channel: bool = False
) -> Effect:
    """The effect of an update on a deployed site.

    Args:
        of: the type of the spec.
        changes: the differences in it.
        digest_changed: whether any node's image differs; `None` while that is unknown.
        has_channel: whether its nodes fetch the whole change while they run. Otherwise a new image is the
            only way to change them, so every change of an image requires a reflash. What no difference
            explains, such as another version of a template, may restart a service.
    """
    declared = Effect.worst(*(declared_effect(of, change.path) for change in changes))
    if has_channel:
        is_unexplained = bool(digest_changed) and declared is Effect.NONE
        return Effect.RESTART if is_unexplained else declared
    is_changed = declared is not Effect.NONE if digest_changed is None else digest_changed
    return Effect.REFLASH if is_changed else Effect.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChange:
    """The change of one site in a run."""

    name: str
    op: Op
    effect: Effect = Effect.NONE
    """On the deployed site; without meaning for a new or removed one."""
    changes: tuple[Change, ...] = ()
    nodes: tuple[str, ...] = ()
    """All nodes of the site; none where unknown."""
    beside: tuple[object, ...] = ()
    """What else is equal in a group."""


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
    alike: dict[str, tuple[SiteChange, tuple[Change, ...], list[str]]] = {}
    for site in sites:
        if site.op == "same":
            continue
        changes = without_nodes(site.changes, site.nodes)
        key = repr((site.op, site.effect, changes, site.beside))
        alike.setdefault(key, (site, changes, []))[2].append(site.name)
    groups = (
        ChangeGroup(op=site.op, effect=site.effect, changes=changes, sites=tuple(sorted(names)))
        for site, changes, names in alike.values()
    )
    return tuple(sorted(groups, key=lambda group: (-group.effect.rank, -len(group.sites), group.sites[0])))


def without_nodes(changes: Iterable[Change], nodes: Iterable[str]) -> tuple[Change, ...]:
    """`changes` with those that all of `nodes` share merged into one, without a node's name."""
    names = set(nodes)
    merged: list[Change] = []
    alike: dict[str, tuple[Change, set[str]]] = {}
    for change in changes:
        head, *rest = parse_path(change.path)
        if head != "nodes" or len(rest) <= 1:
            merged.append(change)
            continue
        shared = Change(format_path(rest[1:]), change.old, change.new)
        alike.setdefault(repr(shared), (shared, set()))[1].add(str(rest[0]))
    for shared, having in alike.values():
        if names and having >= names:
            merged.append(shared)
        else:
            merged += [
                Change(format_path(("nodes", node, *parse_path(shared.path))), *shared[1:]) for node in having
            ]
    return tuple(sorted(merged, key=lambda change: change.path))
