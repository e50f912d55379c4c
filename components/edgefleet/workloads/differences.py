"""What a change of a site's workloads does to the objects of its cluster, value by value. Pure.

Sites are compared in their plain form, as a resource's inputs have them, and only workloads whose entries
differ are composed; equal pairs of entries are compared once for all sites. A value that has the name of its
site in it is shown with the placeholder, so that sites that change alike have equal changes.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from pydantic import ValidationError

from edgefleet.errors import EdgefleetError
from edgefleet.model.paths import Part, format_path
from edgefleet.model.steps import SECRET
from edgefleet.model.syntax import secret_name
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.objects import priority_class
from edgefleet.workloads.base.patching import merge_key
from edgefleet.workloads.composing import SHARED, Entry, objects_of_entry, place

ObjectOp = Literal["added", "removed", "changed"]
SITE_NAME = "{site.name}"
_TEXTS_OF_SECRETS = ("data", "stringData")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange:
    """An object that is new or removed, or one value of an object that differs."""

    workload: str
    object: str
    """``Deployment/till``."""
    op: ObjectOp
    path: str = ""
    """Where, ``spec.template.spec.containers.till.image``: a named item of a list by its name."""
    old: Any = None
    """`None` where there was nothing."""
    new: Any = None
    """`None` where there is nothing any more."""
    where: str = ""
    """``file:line`` that declares it, as far as known."""

    @property
    def renews(self) -> str | None:
        """The secret of the stack that has a new text here; `None` where something else changes."""
        return secret_name(self.new) if isinstance(self.new, str) and self.old == self.new else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What the objects of a workload follow from."""

    text: str
    """The entry as JSON."""
    place: Place
    entry: Entry = field(compare=False, repr=False)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[ObjectChange, ...]]:
    """dict[workload -> changes of its objects] of a site, between two plain `SiteSpec`s.

    A workload whose objects cannot be composed any more, or not yet, is left out: its fields tell more.
    """
    before, after = _parts(old), _parts(new)
    changes = {}
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            found = _between(name, before.get(name), after.get(name))
            changes[name] = tuple(_without_name(change, str(new.get("name", ""))) for change in found)
    had, has = (any(_objects(part) for part in parts.values()) for parts in (before, after))
    if had is not has:
        changes[SHARED] = (_whole(SHARED, priority_class(), is_new=has),)
    return {name: found for name, found in changes.items() if found}


def renewed(site: Mapping[str, Any], secrets: Collection[str]) -> Iterator[ObjectChange]:
    """The values of Secrets of a plain site that have the texts of `secrets`, names of the stack's."""
    for name, part in _parts(site).items() if secrets else ():
        for each in _objects(part) or ():
            for texts in _TEXTS_OF_SECRETS if each["kind"] == "Secret" else ():
                for key, text in each.get(texts, {}).items():
                    if secret_name(text) in secrets:
                        path = format_path((texts, key))
                        yield ObjectChange(
                            workload=name, object=title(each), op="changed", path=path, old=text, new=text
                        )


def _parts(site: Mapping[str, Any]) -> dict[str, _Part]:
    """dict[workload -> what its objects follow from] of a plain site."""
    nodes, is_airgapped = _maps(site.get("nodes")), site.get("airgap") is True
    hosts = defaultdict(str, {name: str(node.get("hostname", "")) for name, node in nodes.items()})
    return {
        name: _Part(
            text=json.dumps(of_entry, sort_keys=True),
            place=place(name, of_entry, hosts, is_airgapped=is_airgapped),
            entry=of_entry,
        )
        for name, of_entry in _maps(site.get("workloads")).items()
    }


def _maps(value: Any) -> dict[str, Mapping[str, Any]]:
    """The maps in a map; none of a value that is not known yet."""
    within = value.items() if isinstance(value, Mapping) else ()
    return {name: each for name, each in within if isinstance(each, Mapping)}


def _objects(part: _Part | None) -> tuple[Object, ...] | None:
    """The objects of a workload, none where it is not there; `None` where they cannot be composed."""
    if part is None:
        return ()
    try:
        return objects_of_entry(part.entry, part.place)
    except (ValidationError, EdgefleetError, LookupError):  # of another release, or not known yet
        return None


@lru_cache(4096)
def _between(name: str, old: _Part | None, new: _Part | None) -> tuple[ObjectChange, ...]:
    before, after = _objects(old), _objects(new)
    if before is None or after is None:
        return ()
    olds, news = ({_identity(each): each for each in objects} for objects in (before, after))
    return (
        *(_whole(name, each, is_new=False) for key, each in olds.items() if key not in news),
        *(_whole(name, each, is_new=True) for key, each in news.items() if key not in olds),
        *(change for key, each in news.items() if key in olds for change in inside(name, olds[key], each)),
    )


def _identity(of: Object) -> tuple[str, str, str]:
    return of["kind"], of["metadata"].get("namespace", ""), of["metadata"]["name"]


def title(of: Object) -> str:
    """``Deployment/till``."""
    return f"{of['kind']}/{of['metadata']['name']}"


def _whole(workload: str, of: Object, *, is_new: bool) -> ObjectChange:
    return ObjectChange(workload=workload, object=title(of), op="added" if is_new else "removed")


def inside(workload: str, old: Object, new: Object) -> Iterator[ObjectChange]:
    """The values that differ between two versions of an object; texts of a Secret are not shown."""
    for parts, before, after in _in_maps(old, new, ()):
        is_secret = new["kind"] == "Secret" and parts[0] in _TEXTS_OF_SECRETS
        yield ObjectChange(
            workload=workload,
            object=title(new),
            op="changed",
            path=format_path(parts),
            old=_masked(before) if is_secret else before,
            new=_masked(after) if is_secret else after,
        )


def _masked(value: Any) -> Any:
    """A value of a Secret: the reference to a secret of the stack, never a text."""
    return value if value is None or secret_name(value) else SECRET


Difference = tuple[tuple[Part, ...], Any, Any]
"""(path, old value, new value)."""


def _in_maps(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[Part, ...]) -> Iterator[Difference]:
    for key in {**old, **new}:
        yield from _in_values(old.get(key), new.get(key), (*path, key))


def _in_values(old: Any, new: Any, path: tuple[Part, ...]) -> Iterator[Difference]:
    if old == new and isinstance(old, bool) is isinstance(new, bool):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _in_maps(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_lists(old, new, path)
    else:
        yield path, old, new


def _in_lists(old: list[Any], new: list[Any], path: tuple[Part, ...]) -> Iterator[Difference]:
    """Items by their names, else the ones that only one list has; a list of texts or numbers is one value."""
    items = (*old, *new)
    key = merge_key(items)
    if key and all(len({each[key] for each in side}) == len(side) for side in (old, new)):
        olds, news = ({str(each[key]): each for each in side} for side in (old, new))
        yield from _in_maps(olds, news, path)
    elif all(isinstance(item, Mapping) for item in items):
        gone = [(index, item) for index, item in enumerate(old) if item not in new]
        come = [(index, item) for index, item in enumerate(new) if item not in old]
        if not (gone or come):  # their order
            yield path, old, new
        elif len(gone) == len(come):
            for (_, before), (index, after) in zip(gone, come, strict=True):
                yield from _in_values(before, after, (*path, index))
        else:
            yield from (((*path, index), item, None) for index, item in gone)
            yield from (((*path, index), None, item) for index, item in come)
    else:
        yield path, old, new


def _without_name(change: ObjectChange, site: str) -> ObjectChange:
    """`change` with a placeholder for the name of the site, wherever it is a word."""
    if not site or site not in repr(change):
        return change
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(site)}(?![A-Za-z0-9])")
    return replace(
        change,
        object=word.sub(SITE_NAME, change.object),
        old=_replaced(change.old, word),
        new=_replaced(change.new, word),
    )


def _replaced(value: Any, word: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return word.sub(SITE_NAME, value)
    if isinstance(value, Mapping):
        return {key: _replaced(inner, word) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_replaced(inner, word) for inner in value]
    return value
