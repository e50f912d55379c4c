"""Plain properties to specs: every error at once, each with the path of its property, in plain words."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edgefleet.errors import InvalidInput, Problem
from edgefleet.model.paths import Part, format_path
from edgefleet.model.spec import from_plain
from edgefleet.model.syntax import nearest
from edgefleet.model.type_introspection import at, fields_of
from edgefleet.provider.properties import unknowns

T = TypeVar("T")

_WORDS = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a map",
    "dataclass_type": "must be a map",
}


def parse(of: type[T], plain: dict[str, Any]) -> T:
    """The spec of type `of` that fully known properties describe.

    Raises:
        InvalidInput: they describe none.
    """
    try:
        return from_plain(of, plain)
    except ValidationError as error:
        raise InvalidInput(problem for _, problem in _found(error, of, plain)) from error


def check(of: type[T], plain: dict[str, Any]) -> tuple[T | None, list[Problem]]:
    """The spec that `plain` describes and what is wrong with it; no spec where something is unknown or wrong.

    What is unknown may still turn out to be right, so nothing is said about it.
    """
    try:
        return from_plain(of, plain), []
    except ValidationError as error:
        hidden = set(unknowns(plain))
        return None, [
            problem
            for path, problem in _found(error, of, plain)
            if not any(path[:length] in hidden for length in range(len(path) + 1))
        ]


def _found(
    error: ValidationError, of: Any, plain: Mapping[str, Any]
) -> Iterator[tuple[tuple[Part, ...], Problem]]:
    """Each error with its path, in plain words."""
    seen: dict[tuple[Part, ...], ErrorDetails] = {}
    for detail in error.errors(include_url=False, include_input=False):
        path = _path(detail, plain)
        # Each alternative of a union reports; the first says enough, unless a later one looked deeper.
        seen.setdefault(path, detail)
    for path, detail in seen.items():
        problem, hint, code = _say(detail, path, of)
        yield path, Problem(code=code, path=format_path(path), problem=problem, hint=hint)


def _path(detail: ErrorDetails, plain: Any) -> tuple[Part, ...]:
    """The location without pydantic's own parts: names of alternatives, ``[key]``."""
    path: list[Part] = []
    here = plain
    for part in detail["loc"]:
        if _holds(here, part):
            here = here[part]
        elif detail["type"] == "missing" and part == detail["loc"][-1]:
            return (*path, part)
        else:
            break
        path.append(part)
    return tuple(path)


def _holds(value: Any, part: Part) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, Mapping) and part in value


def _say(detail: ErrorDetails, path: tuple[Part, ...], of: Any) -> tuple[str, str, str]:
    """Problem, hint and code of one error."""
    kind, context = detail["type"], detail.get("ctx", {})
    if "hint" in context and "problem" in context:
        return str(context["problem"]), str(context["hint"]), str(context.get("code", "invalid"))
    if kind == "missing":
        return "is missing", "give it a value", "missing"
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        above = at(of, path[:-1])
        return (
            "is not known here",
            nearest(str(path[-1]), fields_of(above.bare) if above else ()),
            "unknown-key",
        )
    if kind == "literal_error":
        return f"must be {context['expected']}", "choose one of these", "invalid"
    problem = _WORDS.get(kind) or detail["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return problem[:1].lower() + problem[1:], "correct the value", "invalid"
