"""Partial forms of specs: the fields that a fleet file may set at one level, derived from the spec.

`partial` derives the type by which pydantic validates a part: a mapping with any of the fields. `build`
creates the spec from the validated and merged data. Both walk the annotations of the spec, so that a new
field there is validated, merged, described in the JSON Schema and built.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Required, TypeVar, Union, get_args, get_origin, get_type_hints

from typing_extensions import TypedDict

from edgefleet.fleetfile.document import AnyWorkload, FleetDocument, Inheritance, ListedSite
from edgefleet.model.site import Node, NodeSettings, SiteSpec
from edgefleet.model.spec import CONFIG, At, Inherited, Keyed, Level, Written, outside_name
from edgefleet.model.type_introspection import Shape, shape_of
from edgefleet.workloads import KINDS

T = TypeVar("T")
_BESIDES: dict[Any, tuple[Any, ...]] = {
    SiteSpec: (SiteSpec, Node, Inheritance),
    Node: (Node, NodeSettings, Inheritance),
    ListedSite: (ListedSite, SiteSpec, Node, Inheritance),
}
"""dict[spec -> specs whose fields share a mapping]: a site also has the settings of its nodes."""
_DOCS: dict[Any, str] = {
    (SiteSpec, Level.DEFAULTS): "Settings of defaults and groups.",
    (SiteSpec, Level.PROFILE): "A hardware class, and settings for every node of it.",
    (
        SiteSpec,
        Level.SITE,
    ): "One site. Without `nodes` it has one node, n1, which has these settings.",
}
_variants: dict[Any, list[Any]] = {}
"""dict[spec -> its partial forms]; levels with the same fields share one."""


@cache
def partial(kind: Any, level: Level | None = None, key: str = "") -> Any:
    """The TypedDict of the fields of the spec `kind` at `level`, except the field `key`.

    Its ``__specs__`` are the specs that declare its fields.
    """
    specs = _BESIDES.get(kind, (kind,))
    below = Level.NODE if kind is Node else level
    written = {name: hint for spec in specs for name, hint in _fields(spec, below).items() if name != key}
    forms = _variants.setdefault((kind, key), [])
    same = next((form for form in forms if form.__annotations__ == written), None)
    if same is not None:
        return same
    name = kind.__name__ + (f"At{below.title()}" if below and (forms or kind is SiteSpec) else "")
    typed_dict: Any = TypedDict
    form = typed_dict(name, written, total=False)
    form.__pydantic_config__ = CONFIG
    form.__doc__ = _DOCS.get((kind, level), kind.__doc__)
    form.__specs__ = specs
    forms.append(form)
    return form


def _fields(kind: Any, level: Level | None) -> dict[str, Any]:
    """dict[name -> annotation in the file] of the fields of `kind` at `level`."""
    hints = get_type_hints(kind, include_extras=True)
    annotations: dict[str, Any] = {}
    for field in fields(kind):
        hint, shape = hints[field.name], shape_of(hints[field.name])
        limit = shape.note(At)
        is_there = limit is None or (bool(limit.levels) if level is None else level in limit.levels)
        if is_there:
            inside = _written(hint, level)
            annotations[field.name] = Required[inside] if _is_required(field, shape) else inside
    return annotations


def limited(kind: Any, *levels: Level) -> dict[str, str]:
    """dict[field -> its key] of the fields of `kind` at no other level than `levels`."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        field.name: outside_name(field.name)
        for field in fields(kind)
        if (limit := shape_of(hints[field.name]).note(At)) is not None and limit.levels == set(levels)
    }


def _is_required(field: Field[Any], shape: Shape) -> bool:
    has_default = field.default is not MISSING or field.default_factory is not MISSING
    return shape.note(Written) is not None or (not has_default and shape.note(Inherited) is None)


def _written(annotation: Any, level: Level | None) -> Any:
    """`annotation` with each spec in it replaced by its partial form, and without ``None``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        bare, *notes = arguments
        shape = Shape(bare, tuple(notes))
        level, keyed = shape.note(Level) or level, shape.note(Keyed)
        inside = _written(bare, level) if keyed is None else _map(get_args(bare)[0], keyed.field, level)
        return Annotated[(inside, *notes)]
    if origin in {Union, types.UnionType}:
        return Union[tuple(_written(each, level) for each in arguments if each is not type(None))]  # noqa: UP007 - built at run time
    if origin in {dict, tuple, list}:
        return origin[tuple(_written(inner, level) for inner in arguments)]
    is_spec = isinstance(annotation, type) and is_dataclass(annotation)
    return partial(annotation, level) if is_spec else annotation


def _map(kind: Any, key: str, level: Level | None) -> Any:
    """A map from the value of the field `key` of `kind` to its other fields."""
    keys = get_type_hints(kind, include_extras=True)[key]
    return dict.__class_getitem__((keys, partial(kind, level, key)))


def forms() -> list[Any]:
    """All partial forms of a fleet file."""
    return [form for variants in _variants.values() for form in variants]


DOCUMENT = partial(FleetDocument)
SETTINGS = partial(SiteSpec, Level.DEFAULTS)
PROFILE = partial(SiteSpec, Level.PROFILE)
SITE = partial(SiteSpec, Level.SITE)
NODE = partial(Node, Level.NODE)
WORKLOAD = _written(AnyWorkload, None)
WORKLOADS: dict[str, Any] = {name: _written(kind.spec, None) for name, kind in KINDS.items()}
"""dict[kind -> the fields of a workload of that kind]."""

Conversion = Callable[["Builder", Any], Any]


class Builder:
    """Builds specs from written data; builds data that sites share once."""

    def __init__(self) -> None:
        self._made: dict[tuple[Conversion, int], tuple[Any, Any]] = {}
        """dict[(conversion, id of the written data) -> (result, written data)]."""

    def build(self, kind: type[T], written: Mapping[str, Any], **ready: Any) -> T:
        """The spec of type `kind`.

        Args:
            kind: a spec.
            written: validated values of its fields by their Python names; others are left out.
            ready: values that need no conversion.
        """
        of: Any = kind
        conversions = _conversions(of)
        for name, value in written.items():
            if name in conversions and name not in ready:
                conversion = conversions[name]
                ready[name] = value if conversion is None else self.shared(conversion, value)
        return kind(**ready)

    def shared(self, conversion: Conversion, written: Any) -> Any:
        """The result of `conversion` of `written`, computed once."""
        key = (conversion, id(written))
        result = self._made.get(key)
        if result is None:
            result = self._made[key] = (conversion(self, written), written)
        return result[0]


def build(kind: type[T], written: Mapping[str, Any], **ready: Any) -> T:
    """The spec of type `kind`, see `Builder.build`."""
    return Builder().build(kind, written, **ready)


@cache
def _conversions(kind: Any) -> dict[str, Conversion | None]:
    """dict[field -> conversion of its validated value; `None` if the spec takes it as it is]."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: _conversion(hints[field.name]) for field in fields(kind)}


def _conversion(annotation: Any) -> Conversion | None:
    shape = shape_of(annotation)
    origin, arguments = get_origin(shape.bare), get_args(shape.bare)
    keyed = shape.note(Keyed)
    if keyed is not None:
        kind, key = arguments[0], keyed.field
        return lambda by, written: tuple(
            by.build(kind, written[name], **{key: name}) for name in sorted(written)
        )
    if is_dataclass(shape.bare):
        return lambda by, written: by.build(shape.bare, written)
    if origin in {Union, types.UnionType}:
        kinds = [member for member in arguments if is_dataclass(member)]
        return (lambda by, written: _of_union(by, kinds[0], written)) if len(kinds) == 1 else None
    if origin is tuple and (of_item := _conversion(arguments[0])) is not None:
        return lambda by, written: tuple(of_item(by, item) for item in written)
    if origin is dict:
        of_value = _conversion(arguments[1]) or _same
        return lambda by, written: {name: of_value(by, written[name]) for name in sorted(written)}
    return None


def _of_union(by: Builder, kind: Any, written: Any) -> Any:
    """`written` as the spec among the alternatives, which is a map, or as it is."""
    return by.build(kind, written) if isinstance(written, Mapping) else written


def _same(_: Builder, written: Any) -> Any:
    return written
