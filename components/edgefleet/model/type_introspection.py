"""The structure of a spec or a document by its annotations: its fields, and the type at a path.

One walk serves three questions: which keys are allowed here (for suggestions), is this value a list
(for cells of a table), and which effect does a change of it have (for previews).
"""

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, is_dataclass
from dataclasses import fields as dataclass_fields
from functools import cache
from typing import (
    Annotated,
    Any,
    NamedTuple,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from typing_extensions import is_typeddict

from edgefleet.model.paths import Part
from edgefleet.model.spec import outside_name

T = TypeVar("T")


class Shape(NamedTuple):
    """An annotation taken apart."""

    bare: Any
    """The type without ``Annotated``, ``Required`` and ``| None``."""
    notes: tuple[Any, ...]
    """Metadata of ``Annotated``, the outermost last."""

    def note(self, kind: type[T]) -> T | None:
        """The note of the class `kind`; `None` where it has none."""
        return next((note for note in self.notes if isinstance(note, kind)), None)


def shape_of(annotation: Any) -> Shape:
    """`annotation` taken apart."""
    notes: tuple[Any, ...] = ()
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *more = get_args(annotation)
            notes = (*more, *notes)
        elif origin in {Required, NotRequired}:
            (annotation,) = get_args(annotation)
        elif origin in {Union, types.UnionType} and len(rest := _without_none(annotation)) == 1:
            annotation = rest[0]
        else:
            return Shape(annotation, notes)


def _without_none(union: Any) -> list[Any]:
    return [member for member in get_args(union) if member is not type(None)]


def is_record(bare: Any) -> bool:
    """Whether `bare` has named fields."""
    return isinstance(bare, type) and (is_dataclass(bare) or is_typeddict(bare))


@cache
def fields_of(bare: Any) -> dict[str, Any]:
    """dict[outside name of a field -> its annotation], of all alternatives; empty where there are none."""
    if get_origin(bare) in {Union, types.UnionType}:
        return {
            name: hint for member in get_args(bare) for name, hint in fields_of(shape_of(member).bare).items()
        }
    if not is_record(bare):
        return {}
    return {outside_name(name): hint for name, hint in get_type_hints(bare, include_extras=True).items()}


@cache
def marked(bare: Any, marker: type[Any]) -> tuple[str, ...]:
    """Outside names of the fields of `bare` whose annotation has a marker of the class `marker`."""
    return tuple(name for name, hint in fields_of(bare).items() if shape_of(hint).note(marker) is not None)


@cache
def defaults_of(bare: Any) -> dict[str, Any]:
    """dict[outside name -> default value] of a dataclass's fields that have one."""
    if not is_dataclass(bare):
        return {}
    defaults = {}
    for field in dataclass_fields(bare):
        if field.default is not MISSING:
            defaults[outside_name(field.name)] = field.default
        elif field.default_factory is not MISSING:
            defaults[outside_name(field.name)] = field.default_factory()
    return defaults


def child(bare: Any, part: Part) -> Any | None:
    """Annotation of the value at `part` of a `bare` type; `None` where there is none."""
    if is_record(bare):
        return fields_of(bare).get(str(part))
    arguments = get_args(bare)
    origin = get_origin(bare)
    if origin in {Union, types.UnionType}:
        inside = (child(shape_of(member).bare, part) for member in arguments)
        return next((annotation for annotation in inside if annotation is not None), None)
    if origin is dict:
        return arguments[1]
    if origin in {tuple, list}:
        return arguments[0]
    return None


def at(root: Any, path: Sequence[Part]) -> Shape | None:
    """The shape at `path` below `root`; `None` where there is none."""
    shape = shape_of(root)
    for part in path:
        annotation = child(shape.bare, part)
        if annotation is None:
            return None
        shape = shape_of(annotation)
    return shape


def with_outside_names(annotation: Any, value: Any) -> Any:
    """`value` of a type with the outside names of its fields, also inside: ``vpc_id`` is ``vpcId``.

    So a program gives keyword arguments, and `pulumi import` prints them (pulumi/pulumi,
    pkg/codegen/python/gen_program.go). The keys of a map stay.
    """
    bare = shape_of(annotation).bare
    if isinstance(value, list | tuple):
        return [with_outside_names(child(bare, 0), member) for member in value]
    if not isinstance(value, Mapping):
        return value
    fields = fields_of(bare)
    names = {name: outside if (outside := outside_name(name)) in fields else name for name in value}
    return {names[name]: with_outside_names(child(bare, names[name]), value[name]) for name in value}
