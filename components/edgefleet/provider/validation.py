"""Convert plain properties to specs: all errors at once, each with the path of its property."""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import ValidationError

from edgefleet.errors import InvalidInput, Problem
from edgefleet.model.paths import Part
from edgefleet.model.plain_data import ByText
from edgefleet.model.pydantic_errors import Translated, translated
from edgefleet.model.spec import from_plain
from edgefleet.model.syntax import nearest
from edgefleet.model.type_introspection import at, fields_of
from edgefleet.model.unknown import from_known
from edgefleet.provider.properties import unknowns

T = TypeVar("T")


def parse(of: type[T], plain: dict[str, Any]) -> T:
    """The spec of type `of` of fully known properties.

    Raises:
        InvalidInput: they are no valid spec.
    """
    try:
        return _converted(of, plain)
    except ValidationError as error:
        raise InvalidInput(each.problem for each in _translated(error, of, plain)) from error


def _converted(of: type[T], plain: dict[str, Any]) -> T:
    """As `from_plain`; Check, Diff and Update of a resource convert the same inputs once.

    Raises:
        pydantic.ValidationError: as there.
    """
    try:
        properties = ByText.of(plain)
    except TypeError:  # something is unknown
        return from_plain(of, plain)
    kind: Any = of
    made: T = _once(kind, properties)
    return made


@lru_cache(128)
def _once(of: Any, properties: ByText) -> Any:
    """The spec of properties. More than the resources that an engine plans at a time."""
    return from_plain(of, properties.value)


def check(of: type[T], plain: dict[str, Any]) -> tuple[T | None, list[Problem]]:
    """The spec of `plain` and its problems; no spec if a value is wrong.

    An unknown value may still turn out to be valid: it is `UNKNOWN` in the spec.
    """
    convert = from_known if any(unknowns(plain)) else _converted
    try:
        return convert(of, plain), []
    except ValidationError as error:
        return None, [each.problem for each in _translated(error, of, plain)]


def arguments(kind: Any, given: Any) -> dict[str, Any]:
    """The arguments of a component, as its TypedDict `kind` has them, without those that are None.

    Raises:
        InvalidInput: they are no map, or keys are missing or unknown.
    """
    if not isinstance(given, Mapping):
        problem, hint = "the arguments of a component are a map", f"give one with the keys of {kind.__name__}"
        raise InvalidInput.at("", "wrong-type", problem, hint)
    present = {name: value for name, value in given.items() if value is not None}
    problems = [
        Problem(code="missing", path=name, problem="is missing", hint="give it a value")
        for name in sorted(kind.__required_keys__ - present.keys())
    ] + [
        Problem(
            code="unknown-key",
            path=name,
            problem="is not known here",
            hint=nearest(name, kind.__annotations__),
        )
        for name in sorted(given.keys() - kind.__annotations__.keys())
    ]
    if problems:
        raise InvalidInput(problems)
    return present


def _translated(error: ValidationError, of: Any, plain: Mapping[str, Any]) -> Iterator[Translated]:
    """A problem for each error, without values, as a secret may be among them."""

    def keys(path: tuple[Part, ...]) -> Collection[str]:
        around = at(of, path)
        return fields_of(around.bare) if around else ()

    return translated(error, plain, keys=keys, is_private=lambda _: True)
