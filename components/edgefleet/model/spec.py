"""`spec`: the decorator of every frozen spec, and the markers that its fields carry.

A spec is a frozen, slotted, keyword-only dataclass. Where outside data becomes one (a fleet file, a
Pulumi property bag) pydantic does the conversion through `adapter`, with camelCase names outside and
snake_case inside, unknown keys refused (also a Python name: one key has one spelling), and field docstrings
as descriptions in the schemas. A field may stand at every level of a fleet file unless its annotation
restricts it.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass
from enum import StrEnum
from functools import cache
from threading import RLock
from typing import Any, Literal, TypeVar, dataclass_transform

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import CoreConfig, SchemaValidator

T = TypeVar("T")


@cache
def outside_name(name: str) -> str:
    """The name that fleet files and Pulumi use for the field `name`: ``class_`` is ``class``."""
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(word.capitalize() for word in rest)


class _Docstrings:
    """Whether pydantic reads the docstrings of fields: for a schema alone (`described`).

    It parses the source of each class for them, which took a third of the time of a small command.
    """

    __slots__ = ("are_read",)

    def __init__(self) -> None:
        self.are_read = False

    def __bool__(self) -> bool:
        return self.are_read


_DOCSTRINGS = _Docstrings()
CONFIG = ConfigDict(
    alias_generator=outside_name,
    extra="forbid",
    use_attribute_docstrings=_DOCSTRINGS,  # type: ignore[typeddict-item]  # as a bool, at each building
)


class Secret:
    """Marker in an annotation, ``Annotated[str, Secret()]``: encrypted in state, never shown."""

    __slots__ = ()


class Initial:
    """Marker in an annotation: the value is for the creation alone, as others move it afterwards."""

    __slots__ = ()


class Unordered:
    """Marker in an annotation of a list without order: two lists are compared as sets."""

    __slots__ = ()


class Canonical:
    """Marker in an annotation: two values are equal where `form` of both is, however they are written."""

    __slots__ = ("form",)

    def __init__(self, form: Callable[[Any], Any]) -> None:
        self.form = form


class Unset:
    """Marker in an annotation of an optional field: what holds where it is not set, as a report shows it."""

    __slots__ = ("words",)

    def __init__(self, words: str) -> None:
        self.words = words


class Level(StrEnum):
    """A level of settings in a fleet file, the weakest first. As a marker it states the level of a spec."""

    DEFAULTS = "defaults"
    PROFILE = "profile"
    GROUP = "group"
    SITE = "site"
    NODE = "node"


class At:
    """Marker in an annotation: the only levels at which the field may stand; none where edgefleet sets it."""

    __slots__ = ("levels",)

    def __init__(self, *levels: Level) -> None:
        self.levels = frozenset(levels)


class Inherited:
    """Marker in an annotation of a field without a default: a level may omit it if another has it."""

    __slots__ = ()


class Written:
    """Marker in an annotation of a field with a default: it is required where its spec is written."""

    __slots__ = ()


class Keyed:
    """Marker in an annotation of a tuple of specs: written as a map from the value of `field` to the rest."""

    __slots__ = ("field",)

    def __init__(self, field: str) -> None:
        self.field = field


_DERIVED: dict[str, type[Any]] = {}
"""dict[name -> spec] of specs with a base: pydantic reads a docstring in the class that it stands in only."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def spec(cls: type[T]) -> type[T]:
    """Make `cls` a frozen, slotted, keyword-only dataclass that `adapter` can convert."""
    made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    if any(map(is_dataclass, cls.__bases__)):
        _DERIVED[cls.__name__] = made
    made.__pydantic_config__ = CONFIG  # type: ignore[attr-defined]  # read by pydantic's TypeAdapter
    return made


_BUILDING = RLock()
"""pydantic must not build the same converter in two threads at once."""


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
"""dict[type -> its converter]. A cache beside the lock would build one in each thread that waits for it."""


def _built(of: Any) -> TypeAdapter[Any]:
    with _BUILDING:
        if of not in _ADAPTERS:
            converter: TypeAdapter[Any] = TypeAdapter(of)
            # pydantic reads this of the outermost configuration, and a dataclass has none there.
            quiet = CoreConfig(hide_input_in_errors=True)
            converter.validator = SchemaValidator(converter.core_schema, quiet)
            _ADAPTERS[of] = converter
        return _ADAPTERS[of]


def adapter(of: type[T]) -> TypeAdapter[T]:
    """The converter between `of` and plain data; built once a process."""
    made: TypeAdapter[T] = _ADAPTERS.get(of) or _built(of)
    return made


@contextmanager
def parsing_source() -> Iterator[None]:
    """Parse Python source while nothing else of this process does.

    CPython 3.11 counts the depth of all syntax trees in one place, and a parser that a finalizer starts (to
    format a traceback, for example) breaks the count of the tree that is being built: python/cpython#106905.
    """
    with _BUILDING:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was_enabled:
                gc.enable()


def described(of: Any, mode: Literal["validation", "serialization"] = "validation") -> dict[str, Any]:
    """The JSON Schema of a spec or a TypedDict, its fields described by their docstrings.

    Args:
        of: the type.
        mode: ``validation`` for input, ``serialization`` for state.
    """
    with parsing_source():
        _DOCSTRINGS.are_read = True
        try:
            schema = TypeAdapter[Any](of).json_schema(by_alias=True, mode=mode)
        finally:
            _DOCSTRINGS.are_read = False
    kinds = schema.get("$defs", {})
    if "$ref" in schema:  # a class that refers to itself
        schema = kinds[schema["$ref"].rpartition("/")[2]] | {"$defs": kinds}
    for kind, definition in ((of, schema), *((_DERIVED.get(name), kinds[name]) for name in kinds)):
        for base in filter(is_dataclass, getattr(kind, "__bases__", ())):
            for name, inherited in described(base, mode)["properties"].items():
                definition["properties"].get(name, {}).setdefault("description", inherited["description"])
    for definition in (schema, *kinds.values()):
        for of_field in definition.get("properties", {}).values():
            kind = kinds.get(str(of_field.get("$ref", "")).rpartition("/")[2], {})
            if "description" in kind:  # pydantic leaves out duplicates
                of_field.setdefault("description", kind["description"])
    return schema


def to_plain(value: object) -> dict[str, Any]:
    """A spec as plain JSON data with camelCase keys; defaults are left out."""
    plain: dict[str, Any] = adapter(type(value)).dump_python(
        value, mode="json", by_alias=True, exclude_defaults=True
    )
    return plain


def from_plain(of: type[T], plain: dict[str, Any]) -> T:
    """The spec of type `of` that `plain` describes.

    Raises:
        pydantic.ValidationError: `plain` does not describe one; the caller adds its source.
    """
    return adapter(of).validate_python(plain)
