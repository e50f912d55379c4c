"""pydantic's errors in this project's words: what is wrong and what to do, at its place in the file."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edgefleet.errors import Problem
from edgefleet.fleetfile.provenance import Provenance
from edgefleet.fleetfile.vocabulary import document_keys, suggestion
from edgefleet.model.paths import Part, format_path
from edgefleet.model.syntax import nearest, shown

Path = tuple[Part, ...]
Words = tuple[str, str, str]
"""Code, problem, hint."""

_EXAMPLES = {
    "apiVersion": "add it: apiVersion: edgefleet.dev/v1",
    "fleet": "add it, the name of the whole fleet: fleet: retail",
    "region": "add it, the name of this stack's region: region: eu-central-1",
    "recipe": "add it: recipe: 1",
    "profiles": "add hardware classes: profiles: {box: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi}}",
    "sites": "add them: sites: {first: {profile: box}}, or sites: {from: <file>.csv}",
    "arch": "add it: arch: amd64, arm64 or armhf",
    "cpus": "add the number of cores: cpus: 4",
    "memory": "add it: memory: 8Gi",
    "disk": "add the size of the boot medium: disk: 128Gi",
    "sshKeys": "add at least one public key: sshKeys: [ssh-ed25519 AAAA...]",
}
"""dict[key that must be there -> what to do when it is not]."""


def problems_of(error: ValidationError, prefix: Path, provenance: Provenance) -> Iterator[Problem]:
    """A problem for each of pydantic's errors about the part of a fleet file that stands at `prefix`."""
    found = error.errors(include_url=False)
    renamed = _renamed(found, prefix)
    for details in found:
        if _is_consequence(details, renamed):
            continue
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


def _renamed(found: list[ErrorDetails], prefix: Path) -> set[Path]:
    """Paths of missing keys that unknown keys were probably meant to be."""
    return {
        (*details["loc"][:-1], key)
        for details in found
        if details["type"] == "extra_forbidden"
        for key in get_close_matches(str(details["loc"][-1]), document_keys((*prefix, *details["loc"][:-1])))
    }


def _is_consequence(details: ErrorDetails, renamed: set[Path]) -> bool:
    """Whether another error is the cause of this one: items that are wrong are not counted, for example."""
    if details["type"] == "missing":
        return details["loc"] in renamed
    return details["type"] == "too_short" and len(details["input"]) > 0


def _words(details: ErrorDetails, path: Path) -> Words:
    kind = details["type"]
    context = details.get("ctx", {})
    if kind == "edgefleet":
        return context["code"], context["problem"], context["hint"]
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "missing":
        return "missing", f"{path[-1]} is missing", _EXAMPLES.get(str(path[-1]), f"add {format_path(path)}")
    if details["input"] is None:
        return "no-value", "there is no value here", "write one, or remove the line"
    say = _SAYINGS.get(kind)
    return say(details["input"], context) if say else ("invalid", details["msg"], "see the documentation")


def _unknown(path: Path) -> Words:
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
    if "ge" in context:
        return "out-of-range", f"{_found(value)} is too small", f"write a whole number from {context['ge']}"
    return "out-of-range", f"{_found(value)} is too large", f"write a whole number up to {context['le']}"


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
