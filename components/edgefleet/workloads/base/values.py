"""Texts of a workload with values of its site: ``{site.name}``.

A placeholder stands in a text and becomes a part of that text, before anything is written as YAML: so a value
changes no structure. ``{{site.name}}`` is the text ``{site.name}``; other braces are text, as scripts and
charts have them. A value of a node is known where a Pod runs: it stands in an environment or in arguments, as
the reference that Kubernetes replaces.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, cast

from pydantic_core import PydanticCustomError

from edgefleet.model import plain_data
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import Grammar, checked, nearest, shown, wrong

PLACEHOLDER_RE = r"\{[a-z][A-Za-z.]*\}"
T = TypeVar("T")
_NAME = r"fleet|region|(?:site|node)\.[A-Za-z.]+"
_PLACEHOLDER = re.compile(rf"\{{\{{({_NAME})\}}\}}|\{{({_NAME})\}}")
_CLOSE = 0.8
_LIKELY = re.compile(r"(?<!\{)\{([A-Za-z]+(?:\.[A-Za-z]+)*)\}(?!\})")
"""What may be a misspelt placeholder."""
NODE_NAME = "NODE_NAME"
"""Variable with the name of the node, of each container whose environment or arguments name it."""
NODE_VALUES = {"node.name": f"$({NODE_NAME})"}
"""dict[placeholder -> the reference in a container]."""


def _of_location(field: str) -> Callable[[SiteSpec], Any]:
    return lambda site: getattr(site.location, field, None)


SITE_VALUES: Mapping[str, Callable[[SiteSpec], Any]] = {
    "fleet": lambda site: site.fleet,
    "region": lambda site: site.region,
    "site.name": lambda site: site.name,
    "site.timezone": lambda site: site.timezone,
    "site.link.class": lambda site: site.link.class_,
    **{
        f"site.location.{field}": _of_location(field)
        for field in ("city", "country", "latitude", "longitude")
    },
}
"""dict[placeholder -> its value at a site, `None` where the site has none]."""


def values_at(site: SiteSpec, names: Iterable[str]) -> dict[str, str]:
    """dict[placeholder -> its text] of those of `names` that `site` has a value for."""
    known = {name: SITE_VALUES[name](site) for name in names if name in SITE_VALUES}
    return {name: str(value) for name, value in known.items() if value is not None}


def placeholders(value: Any) -> Iterator[str]:
    """The placeholders in the texts of plain data."""
    if isinstance(value, str):
        yield from (found[2] for found in _PLACEHOLDER.finditer(value) if found[2])
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from placeholders(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from placeholders(inner)


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """Plain data with `values`, dict[placeholder -> text], in its texts; the rest stays."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: values.get(found[2], found[0]), value)
    if isinstance(value, Mapping):
        return {key: filled(inner, values) for key, inner in value.items()}
    return [filled(inner, values) for inner in value] if isinstance(value, list) else value


def unescaped(value: T) -> T:
    """A filled spec with ``{site.name}`` where it has the text ``{{site.name}}``."""
    old: Any = value
    if isinstance(old, str):
        new: Any = _PLACEHOLDER.sub(lambda found: found[0][1:-1] if found[1] else found[0], old)
    elif is_dataclass(old):
        parts = {field.name: unescaped(getattr(old, field.name)) for field in fields(old)}
        new = replace(cast("Any", old), **parts)
    elif isinstance(old, dict):
        new = {key: unescaped(inner) for key, inner in old.items()}
    else:
        new = type(old)(map(unescaped, old)) if isinstance(old, list | tuple) else old
    return cast("T", new)


def check_known(value: T, names: Collection[str] = (*SITE_VALUES,)) -> T:
    """`value` if each placeholder in the texts of this plain data is one of `names`.

    Raises:
        PydanticCustomError: another one is not.
    """
    for name in placeholders(value):
        if name not in names:
            is_elsewhere = name in NODE_VALUES
            hint = "it stands in environment and args alone" if is_elsewhere else nearest(name, names)
            raise _unknown(name, f"{hint}; write {{{{{name}}}}} for the text itself")
    return value


def _unknown(name: str, hint: str) -> PydanticCustomError:
    return wrong("bad-placeholder", f"{shown('{' + name + '}')} is no value of a site", hint)


def known(*names: str) -> Callable[[str], str]:
    """The check that a text has no placeholders but `names`."""

    def check(text: str) -> str:
        check_known(text, names)
        for name in _LIKELY.findall(text):
            if name not in names and (close := get_close_matches(name, names, n=1, cutoff=_CLOSE)):
                raise _unknown(name, f"did you mean {{{close[0]}}}?")
        return text

    return check


Plain = Annotated[plain_data.Plain, checked(check_known)]
"""A map of plain data, in whose texts values of the site may stand."""
Value = Annotated[plain_data.Value, checked(check_known)]
"""Any plain data, in whose texts values of the site may stand."""
_TEXT = Grammar(
    r".*",
    "bad-text",
    "one line of text",
    "write one line without control characters",
    4000,
    known(*SITE_VALUES),
    is_ascii=False,
)
Text = Annotated[str, _TEXT]
"""One line of text, in which values of the site may stand."""
Lines = Annotated[
    str,
    replace(
        _TEXT,
        what="text of printable characters",
        then=check_known,
        hint="write lines of text without control characters, or file: and a path in the project",
        longest=100_000,
        pattern=r"(?!file:)[^\r]*",
        has_lines=True,
        may_be_file=True,
    ),
]
"""Lines of text, or a file of the project, in which values of the site may stand."""
ContainerText = Annotated[str, replace(_TEXT, then=known(*SITE_VALUES, *NODE_VALUES))]
"""A value of an environment, or an argument: values of the node may stand in it, too."""
