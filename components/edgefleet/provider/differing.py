"""What differs between two sets of properties, by path. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from typing import Any, Literal

from edgefleet.model.paths import Part, format_path, parse_path
from edgefleet.model.spec import Canonical, Unordered, to_plain
from edgefleet.model.type_introspection import at, defaults_of
from edgefleet.provider.properties import UNKNOWN

Kind = Literal["add", "delete", "update"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs."""

    path: tuple[Part, ...]
    kind: Kind

    def __str__(self) -> str:
        """The path as Pulumi writes it."""
        return format_path(self.path)


def differences(old: Any, new: Any, path: tuple[Part, ...] = ()) -> Iterator[Difference]:
    """The smallest parts of plain data that differ; a map or list that comes or goes is one difference.

    An unknown value differs from every known one.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _in_maps(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_lists(old, new, path)
    elif old is None and new is not None:
        yield Difference(path, "add")
    elif old is not None and new is None:
        yield Difference(path, "delete")
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield Difference(path, "update")


def _in_maps(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[Part, ...]) -> Iterator[Difference]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield Difference((*path, name), "delete")
        elif name not in old:
            yield Difference((*path, name), "add")
        else:
            yield from differences(old[name], new[name], (*path, name))


def _in_lists(old: list[Any], new: list[Any], path: tuple[Part, ...]) -> Iterator[Difference]:
    for index in range(max(len(old), len(new))):
        if index >= len(new):
            yield Difference((*path, index), "delete")
        elif index >= len(old):
            yield Difference((*path, index), "add")
        else:
            yield from differences(old[index], new[index], (*path, index))


def differences_by(of: Any, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """As `differences`, for inputs of the spec `of`: lists whose order says nothing are compared as sets."""
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        form = form_of(of, name)
        if form is not None and UNKNOWN not in (before, after) and form(before) == form(after):
            continue
        if is_unordered(of, name) and isinstance(before, list) and isinstance(after, list):
            yield from _in_sets(before, after, (name,))
        else:
            yield from _in_maps(
                {name: before} if name in old else {}, {name: after} if name in new else {}, ()
            )


def is_unordered(of: Any, name: str) -> bool:
    """Whether the order of the list at `name` of the spec `of` says nothing."""
    shape = at(of, (name,))
    return shape is not None and any(isinstance(note, Unordered) for note in shape.notes)


def form_of(of: Any, name: str) -> Callable[[Any], Any] | None:
    """What two values of the input `name` are compared by, where it is not how they are written."""
    shape = at(of, (name,))
    notes = shape.notes if shape is not None else ()
    return next((note.form for note in notes if isinstance(note, Canonical)), None)


def is_same(of: Any, name: str, old: Any, new: Any) -> bool:
    """Whether two plain values of the input `name` of the spec `of` mean the same."""
    slim_old, slim_new = (without_defaults(of, {name: value}) for value in (old, new))
    return not any(differences_by(of, slim_old, slim_new))


def _in_sets(old: list[Any], new: list[Any], path: tuple[Part, ...]) -> Iterator[Difference]:
    """Members that came or went, each by its position in the list that has it."""
    gone, came = _missing(old, new), _missing(new, old)
    for index in sorted({*gone, *came}):
        kind: Kind = "update" if index in gone and index in came else "add" if index in came else "delete"
        yield Difference((*path, index), kind)


def _missing(some: list[Any], others: list[Any]) -> list[int]:
    """Positions in `some` of what `others` has not, each member of `others` counted once."""
    left = list(others)
    missing = []
    for index, member in enumerate(some):
        if member in left:
            left.remove(member)
        else:
            missing.append(index)
    return missing


def as_written(difference: Difference, old: Any, new: Any) -> Difference:
    """`difference` with its kind by what was written down: a default that is now spelled out was added."""
    kinds: dict[tuple[bool, bool], Kind] = {
        (False, True): "add",
        (True, False): "delete",
        (True, True): "update",
        (False, False): difference.kind,
    }
    return replace(difference, kind=kinds[_holds(old, difference.path), _holds(new, difference.path)])


def _holds(value: Any, path: tuple[Part, ...]) -> bool:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return False
    return value is not None


def without_defaults(of: Any, value: Any) -> Any:
    """Plain data of a type, also such as cannot be parsed, without what equals its default."""
    if isinstance(value, list):
        return [without_defaults(_below(of, index), member) for index, member in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    slim = {name: without_defaults(_below(of, name), member) for name, member in value.items()}
    defaults = {name: _plain(default) for name, default in defaults_of(of).items()}
    return {name: member for name, member in slim.items() if name not in defaults or member != defaults[name]}


def _below(of: Any, part: Part) -> Any:
    shape = at(of, (part,))
    return None if shape is None else shape.bare


def _plain(default: Any) -> Any:
    if isinstance(default, tuple):
        return list(default)
    return to_plain(default) if is_dataclass(default) else default


def is_ignored(difference: Difference, ignored: list[str]) -> bool:
    """Whether one of the paths in `ignored` (``*`` stands for any key or position) covers `difference`."""
    return any(_covers(parse_path(path), difference.path) for path in ignored)


def _covers(pattern: tuple[Part, ...], path: tuple[Part, ...]) -> bool:
    return len(pattern) <= len(path) and all(
        wanted in ("*", part) for wanted, part in zip(pattern, path, strict=False)
    )
