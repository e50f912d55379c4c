"""Differences between two specs, for the provider, the report and `explain` alike. Pure.

Specs are in their plain form (`edgefleet.model.spec.to_plain`), as in a program and in the state. An omitted
value is its default, a list marked `Unordered` is a set, and of a value marked `Canonical` only its form
counts. Maps are compared key by key, and so are lists of equally many maps; any other list is one value,
because a person reads and writes it as one.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, cast

from edgefleet.model.paths import Part, format_path, parse_path
from edgefleet.model.spec import Canonical, Unordered, Unset, to_plain
from edgefleet.model.type_introspection import Shape, child, defaults_of, fields_of, is_record, shape_of

Plain = Mapping[str, Any]
"""A spec as plain data."""


class Change(NamedTuple):
    """One value that differs."""

    path: str
    """Where, ``nodes.n1.network.address``."""
    old: Any
    """`None` where there was nothing."""
    new: Any
    """`None` where there is nothing any more."""

    @property
    def name(self) -> str:
        """The field of the spec that it is in."""
        return str(parse_path(self.path)[0])


class _Field(NamedTuple):
    """The declaration of one field of a record."""

    shape: Shape
    default: Any
    """Plain; `None` where there is none."""


_UNDECLARED = _Field(Shape(None, ()), None)


def changes(of: Any, old: Plain, new: Plain) -> tuple[Change, ...]:
    """The values that differ between two plain specs of the type `of`, sorted by path.

    Undeclared values are compared as they are. An unknown value, an object that is not plain data, differs
    from every other.
    """
    found = _in_maps(of, old, new, ())
    return tuple(sorted(found, key=lambda change: change.path))


def is_same(of: Any, name: str, old: Any, new: Any) -> bool:
    """Whether two values of the field `name` of the spec `of` mean the same."""
    return not changes(of, {name: old}, {name: new})


def value_at(of: Any, plain: Plain, path: str) -> Any:
    """The value at `path` of a plain spec of the type `of`: its default where it is left out."""
    bare, value, is_written, below = of, cast("Any", plain), True, _UNDECLARED
    for part in parse_path(path):
        below = _field(bare, part)
        is_written = _has(value, part)
        value = value[part] if is_written else below.default
        bare = below.shape.bare
    return _shown(below.shape, value, is_written=is_written)


def _has(value: Any, part: Part) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, Mapping) and part in value


def without_defaults(of: Any, value: Any) -> Any:
    """Plain data of the type `of` without defaults; it need not describe a whole spec."""
    if isinstance(value, list):
        return [without_defaults(_field(of, index).shape.bare, member) for index, member in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    defaults = _defaults(of)
    slim = {name: without_defaults(_field(of, name).shape.bare, member) for name, member in value.items()}
    return {name: member for name, member in slim.items() if name not in defaults or member != defaults[name]}


def _in_maps(bare: Any, old: Plain, new: Plain, path: tuple[Part, ...]) -> Iterator[Change]:
    for name in {*old, *new}:
        field = _field(bare, name)
        before, after = old.get(name, field.default), new.get(name, field.default)
        for change in _in_values(field.shape, before, after, (*path, name)):
            olds, news = (
                _shown(field.shape, value, is_written=name in plain)
                for value, plain in ((change.old, old), (change.new, new))
            )
            yield Change(change.path, olds, news)


def _in_values(shape: Shape, old: Any, new: Any, path: tuple[Part, ...]) -> Iterator[Change]:
    if _have_one_form(shape, old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _in_maps(shape.bare, old, new, path)
    elif _are_alike(shape, old, new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _in_values(_field(shape.bare, index).shape, left, right, (*path, index))
    elif not _are_equal(shape, old, new):
        yield Change(format_path(path), old, new)


def _have_one_form(shape: Shape, old: Any, new: Any) -> bool:
    """Whether both are known and equal in the form in which their field compares them."""
    note = shape.note(Canonical)
    return note is not None and _is_plain(old) and _is_plain(new) and bool(note.form(old) == note.form(new))


def _are_alike(shape: Shape, old: Any, new: Any) -> bool:
    """Whether both are lists of equally many maps, compared one by one."""
    return (
        isinstance(old, list)
        and isinstance(new, list)
        and len(old) == len(new)
        and shape.note(Unordered) is None
        and all(isinstance(member, Mapping) for member in (*old, *new))
    )


def _are_equal(shape: Shape, old: Any, new: Any) -> bool:
    """Whether two values are equal, ignoring the order of a set; true is not 1."""
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return False
        below = _field(shape.bare, 0).shape
        if shape.note(Unordered) is not None:
            return _are_equal_sets(below, old, new)
        return all(_are_equal(below, left, right) for left, right in zip(old, new, strict=True))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return not any(_in_maps(shape.bare, old, new, ()))
    return bool(old == new) and isinstance(old, bool) is isinstance(new, bool)


def _are_equal_sets(shape: Shape, old: list[Any], new: list[Any]) -> bool:
    """Whether two lists of one length have the same members, each as often."""
    unmatched = list(new)
    for member in old:
        index = next((at for at, other in enumerate(unmatched) if _are_equal(shape, member, other)), None)
        if index is None:
            return False
        del unmatched[index]
    return True


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float)


def _shown(shape: Shape, value: Any, *, is_written: bool) -> Any:
    """`value` as a person reads it: an omitted empty list is nothing, or what holds without it."""
    if value is None:
        return None if (unset := shape.note(Unset)) is None else unset.words
    return None if value == [] and not is_written else value


def _field(bare: Any, part: Part) -> _Field:
    """The declaration of the value at `part` of a value of the type `bare`."""
    if is_record(bare):
        return _fields(bare).get(str(part), _UNDECLARED)
    annotation = None if bare is None else child(bare, part)
    return _UNDECLARED if annotation is None else _Field(shape_of(annotation), None)


@cache
def _fields(record: Any) -> dict[str, _Field]:
    defaults = _defaults(record)
    return {
        name: _Field(shape_of(annotation), defaults.get(name))
        for name, annotation in fields_of(record).items()
    }


@cache
def _defaults(bare: Any) -> dict[str, Any]:
    """dict[field -> default] in the plain form."""
    return {name: _plain(value) for name, value in defaults_of(bare).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    return to_plain(value) if is_record(type(value)) else value
