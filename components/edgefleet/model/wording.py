"""pydantic's errors in this project's words: what is wrong and what to do, at its place in the file."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edgefleet.errors import Problem
from edgefleet.model.paths import Part, format_path
from edgefleet.model.provenance import Provenance
from edgefleet.model.syntax import nearest, shown
from edgefleet.model.vocabulary import suggestion

Path = tuple[Part, ...]
Words = tuple[str, str, str]
"""Code, problem, hint."""

_LATER: dict[Path, tuple[str, str]] = {
    ("workloads",): (
        "workloads are not supported yet",
        "remove the key; this version builds images of sites",
    ),
}


def problems_of(error: ValidationError, prefix: Path, provenance: Provenance) -> Iterator[Problem]:
    """A problem for each of pydantic's errors about the part of a fleet file that stands at `prefix`."""
    for details in error.errors(include_url=False):
        loc = (*prefix, *details["loc"])
        is_key = loc[-1] == "[key]"
        path = loc[:-1] if is_key else loc
        code, problem, hint = _words(details, path)
        of_key = is_key or details["type"] in {"extra_forbidden", "missing"}
        yield Problem(
            where=provenance.near(path, of_key=of_key),
            path=format_path(path),
            code=code,
            problem=problem,
            hint=hint,
        )


def _words(details: ErrorDetails, path: Path) -> Words:
    kind = details["type"]
    context = details.get("ctx", {})
    if kind == "edgefleet":
        return context["code"], context["problem"], context["hint"]
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "missing":
        return "missing", f"{path[-1]} is missing", f"add {format_path(path)}"
    if details["input"] is None:
        return "no-value", "there is no value here", "write one, or remove the line"
    say = _SAYINGS.get(kind)
    return say(details["input"], context) if say else ("invalid", details["msg"], "see the documentation")


def _unknown(path: Path) -> Words:
    if path in _LATER:
        return "not-supported", *_LATER[path]
    return "unknown-key", f"unknown key {shown(path[-1])}", suggestion(path)


def _found(value: Any) -> str:
    kinds = {dict: "a map", list: "a list", type(None): "nothing"}
    return kinds.get(type(value), shown(value))


def _type(wanted: str, hint: str) -> Callable[[Any, Any], Words]:
    return lambda value, _: ("wrong-type", f"expected {wanted}, found {_found(value)}", hint)


def _literal(value: Any, context: dict[str, Any]) -> Words:
    allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    return "unknown-value", f"{_found(value)} cannot stand here", nearest(str(value), allowed)


def _range(value: Any, context: dict[str, Any]) -> Words:
    limits = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    limit = " and ".join(f"{words} {context[name]}" for name, words in limits.items() if name in context)
    return "out-of-range", f"{_found(value)} is not {limit}", f"write a whole number of {limit}"


_whole = _type("a whole number", "write digits only, such as 4")
_number = _type("a number", "write it with a decimal point, such as 52.52")
_text = _type("text", "write one value")
_map = _type("a map", "write keys and values, such as key: value, one a line and indented")
_list = _type("a list", "write [first, second], or one item a line after a hyphen")
_boolean = _type("true or false", "write true or false")
_SAYINGS: dict[str, Callable[[Any, Any], Words]] = {
    "int_parsing": _whole,
    "int_type": _whole,
    "int_from_float": _whole,
    "int_parsing_size": _whole,
    "float_parsing": _number,
    "float_type": _number,
    "string_type": _text,
    "dict_type": _map,
    "tuple_type": _list,
    "list_type": _list,
    "bool_parsing": _boolean,
    "bool_type": _boolean,
    "literal_error": _literal,
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "too_short": lambda _, __: ("empty", "there must be at least one here", "add one, or remove the key"),
    "string_too_short": lambda _, __: ("empty", "this is empty", "write a value"),
    "string_too_long": lambda value, context: (
        "too-long",
        f"{shown(value)} has {len(value)} characters, at most {context['max_length']} may stand here",
        "shorten it",
    ),
}
