"""Translates pydantic's errors: a problem and a hint, each with its path.

`edgefleet.fleetfile` adds the place in the file, `edgefleet.provider` drops problems that depend on unknown
values.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edgefleet.errors import Problem
from edgefleet.model.paths import Part, Path, format_path
from edgefleet.model.syntax import nearest, shown

PRIVATE = "this value"
"""Stands in a message for a value that is not repeated."""
_SECRET = re.compile(r"(?i)passw|passphrase|secret|token|credential|auth$|datastore-endpoint")
Words = tuple[str, str, str]
"""Code, problem, hint."""
_TAGS = frozenset({"union_tag_not_found", "union_tag_invalid"})
"""pydantic's types of an error of the key by which the alternatives of a workload differ."""
UNKNOWN = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
"""pydantic's types of an error for an unknown key, of a mapping and of a dataclass."""

_EXAMPLES = {
    "apiVersion": "add it: apiVersion: edgefleet.dev/v1",
    "fleet": "add it, the name of the whole fleet: fleet: retail",
    "region": "add it, the name of this stack's region: region: eu-central-1",
    "recipe": "add it: recipe: 1",
    "profiles": "add hardware classes: profiles: {small: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi}}",
    "sites": "add them: sites: {first: {profile: small}}, or sites: {from: <file>.csv}",
    "arch": "add it: arch: amd64, arm64 or armhf",
    "cpus": "add the number of cores: cpus: 4",
    "memory": "add it: memory: 8Gi",
    "disk": "add the size of the boot medium: disk: 128Gi",
    "sshKeys": "add at least one public key: sshKeys: [ssh-ed25519 AAAA...]",
}
"""dict[required key -> hint when it is missing]."""


class Translated(NamedTuple):
    """One error."""

    path: Path
    """Where it is in the data."""
    of_key: bool
    """Whether the key is at fault, not the value."""
    problem: Problem


def names_secret(path: Path) -> bool:
    """Whether the key at the end of `path` is one, known or not, at which a person may write a secret."""
    return bool(path) and _SECRET.search(str(path[-1])) is not None


def translated(
    error: ValidationError,
    plain: Any,
    *,
    keys: Callable[[Path], Collection[str]],
    suggest: Callable[[Path], str] | None = None,
    is_private: Callable[[Path], bool] = names_secret,
) -> Iterator[Translated]:
    """A problem for each error about `plain`, but for those that follow from another one.

    Args:
        error: pydantic's.
        plain: the data that it is about.
        keys: the keys that may stand at a path.
        suggest: the hint for the unknown key at the end of a path; by default the nearest of `keys`.
        is_private: whether the value at a path is not repeated.
    """
    details = [Details(detail, plain) for detail in error.errors(include_url=False)]
    renamed = {
        (*detail.path[:-1], key)
        for detail in details
        if detail.kind in UNKNOWN
        for key in get_close_matches(str(detail.path[-1]), keys(detail.path[:-1]))
    }
    seen: set[tuple[Path, bool]] = set()
    paths = [detail.path for detail in details]
    for detail in details:
        at = (detail.path, detail.is_key)
        # Each alternative of a union reports; the first is enough.
        if at in seen or detail.is_consequence(renamed, paths):
            continue
        seen.add(at)
        if detail.kind in UNKNOWN:
            name = str(detail.path[-1])
            hint = suggest(detail.path) if suggest else nearest(name, keys(detail.path[:-1]))
            code, problem = "unknown-key", f"unknown key {shown(name)}"
        else:
            code, problem, hint = detail.words(is_private=is_private(detail.path))
        yield Translated(
            path=detail.path,
            of_key=detail.is_key or detail.kind in {*UNKNOWN, "missing"},
            problem=Problem(path=format_path(detail.path), code=code, problem=problem, hint=hint),
        )


class Details:
    """One of pydantic's errors, with its path in the data."""

    def __init__(self, details: ErrorDetails, plain: Any) -> None:
        self.kind = details["type"]
        self.is_key = details["loc"][-1:] == ("[key]",)
        self.context = details.get("ctx", {})
        self.message = details["msg"]
        self.path, self.value = self._located(details["loc"], plain)

    def _located(self, location: Path, plain: Any) -> tuple[Path, Any]:
        """The path without pydantic's own parts (names of alternatives, ``[key]``), and the value there."""
        path: list[Part] = []
        for part in location:
            if _has(plain, part):
                plain = plain[part]
            elif self.kind == "missing" and part == location[-1]:
                plain = None
            elif isinstance(plain, Mapping):
                continue  # the name of an alternative, which has keys of its own
            else:
                break
            path.append(part)
        if self.kind in _TAGS and isinstance(plain, Mapping):
            path.append("kind")
            plain = plain.get("kind")
        elif self.kind in _TAGS:
            self.kind = "dict_type"
        return tuple(path), plain

    def is_consequence(self, renamed: Collection[Path], others: Iterable[Path]) -> bool:
        """Whether another error is its cause: items that are wrong are not counted, for example."""
        if self.kind == "missing":
            return self.path in renamed
        if self.kind == "string_type":  # a map may stand there, too
            return any(path[: len(self.path)] == self.path != path for path in others)
        return self.kind == "too_short" and len(self.value) > 0

    def words(self, *, is_private: bool) -> Words:
        """Code, problem and hint."""
        if self.kind == "edgefleet":
            problem, repeated = self.context["problem"], f"{shown(self.value)} "
            if names_secret(self.path) and problem.startswith(repeated):
                problem = f"{PRIVATE} {problem.removeprefix(repeated)}"
            return self.context["code"], problem, self.context["hint"]
        if self.kind == "missing":
            name = str(self.path[-1])
            return "missing", f"{name} is missing", _EXAMPLES.get(name, f"add {format_path(self.path)}")
        if self.value is None and self.kind not in _TAGS:
            return "no-value", "there is no value here", "write one, or remove the line"
        if (words := _SAYINGS.get(self.kind)) is None:
            return "invalid", self.message, "correct the value at this path"
        return words(PRIVATE if is_private else shown(self.value), self.value, self.context)


def _has(value: Any, part: Part) -> bool:
    if isinstance(value, list | tuple):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, Mapping) and part in value


Saying = Callable[[str, Any, Any], Words]
"""(value as it is repeated, value, pydantic's context) -> words."""


def _type(expected: str, hint: str) -> Saying:
    def words(repeated: str, _: Any, __: Any) -> Words:
        is_private = repeated == PRIVATE
        return "wrong-type", f"expected {expected}" + ("" if is_private else f", found {repeated}"), hint

    return words


def _literal(repeated: str, value: Any, context: dict[str, Any]) -> Words:
    allowed = re.findall(r"'([^']*)'|\b(\d+)\b", str(context.get("expected", "")))
    name = "" if str(value).isdecimal() else str(value)  # a number is not misspelt
    return "unknown-value", f"{repeated} cannot stand here", nearest(name, map("".join, allowed))


def _kind(repeated: str, value: Any, context: dict[str, Any]) -> Words:
    if value is None:
        return "missing", "kind is missing", "add the kind of workload, such as kind: web"
    return _literal(repeated, value, {"expected": context["expected_tags"]})


def _range(repeated: str, _: Any, context: dict[str, Any]) -> Words:
    is_small = "ge" in context
    limit = f"from {context['ge']}" if is_small else f"up to {context['le']}"
    problem = f"{repeated} is too {'small' if is_small else 'large'}"
    return "out-of-range", problem, f"write a whole number {limit}"


def _many(_: str, value: Any, context: dict[str, Any]) -> Words:
    problem = f"there are {len(value)} here, at most {context['max_length']} may stand here"
    return "too-many", problem, "remove some"


_whole = _type("a whole number", "write digits only, such as 4")
_number = _type("a number", "write it with a decimal point, such as 52.52")
_map = _type("a map", "write keys and values, such as key: value, one a line and indented")
_list = _type("a list", "write [first, second], or one item a line after a hyphen")
_boolean = _type("true or false", "write true or false")
_SAYINGS: dict[str, Saying] = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), _whole),
    **dict.fromkeys(("float_parsing", "float_type"), _number),
    **dict.fromkeys(("dict_type", "dataclass_type", "model_type"), _map),
    **dict.fromkeys(("tuple_type", "list_type"), _list),
    **dict.fromkeys(("bool_parsing", "bool_type"), _boolean),
    "string_type": _type("text", "write one value"),
    "model_attributes_type": _map,
    "union_tag_not_found": _kind,
    "union_tag_invalid": _kind,
    "literal_error": _literal,
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "too_short": lambda *_: ("empty", "there must be at least one here", "add one, or remove the key"),
    "too_long": _many,
}
