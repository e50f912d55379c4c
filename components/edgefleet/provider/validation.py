"""Plain properties to specs: every error at once, each with the path of its property, in plain words."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from edgefleet.errors import InvalidInput, Problem
from edgefleet.model.paths import Part
from edgefleet.model.pydantic_errors import Translated, translated
from edgefleet.model.spec import from_plain
from edgefleet.model.type_introspection import at, fields_of
from edgefleet.provider.properties import unknowns

T = TypeVar("T")


def parse(of: type[T], plain: dict[str, Any]) -> T:
    """The spec of type `of` that fully known properties describe.

    Raises:
        InvalidInput: they describe none.
    """
    try:
        return from_plain(of, plain)
    except ValidationError as error:
        raise InvalidInput(each.problem for each in _translated(error, of, plain)) from error


def check(of: type[T], plain: dict[str, Any]) -> tuple[T | None, list[Problem]]:
    """The spec that `plain` describes and what is wrong with it; no spec where something is unknown or wrong.

    What is unknown may still turn out to be right, so nothing is said about it.
    """
    try:
        return from_plain(of, plain), []
    except ValidationError as error:
        hidden = set(unknowns(plain))
        return None, [
            each.problem
            for each in _translated(error, of, plain)
            if not any(each.path[:length] in hidden for length in range(len(each.path) + 1))
        ]


def _translated(error: ValidationError, of: Any, plain: Mapping[str, Any]) -> Iterator[Translated]:
    """Each error in plain words; values are not repeated, as a secret may be among them."""

    def keys(path: tuple[Part, ...]) -> Collection[str]:
        around = at(of, path)
        return fields_of(around.bare) if around else ()

    return translated(error, plain, keys=keys, is_private=True)
