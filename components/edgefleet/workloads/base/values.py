"""Texts of a workload with values of its site: ``{site.name}``.

A placeholder stands in a text and becomes a part of that text, before anything is written as YAML: so a value
changes no structure. ``{{site.name}}`` is the text ``{site.name}``. A value of a node is known where a Pod
runs: it stands in an environment or in arguments, as the reference that Kubernetes replaces.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import Grammar, nearest, shown, wrong

_PLACEHOLDER = re.compile(r"\{\{([a-z][A-Za-z.]*)\}\}|\{([a-z][A-Za-z.]*)\}")
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
    """Plain data with `values`, dict[placeholder -> text], in its texts; other placeholders stay."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(
            lambda found: (found[1] and f"{{{found[1]}}}") or values.get(found[2], found[0]), value
        )
    if isinstance(value, Mapping):
        return {key: filled(inner, values) for key, inner in value.items()}
    return [filled(inner, values) for inner in value] if isinstance(value, list) else value


def _known(*names: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        for name in placeholders(text):
            if name not in names:
                problem = f"{shown('{' + name + '}')} is no value of a site"
                hint = f"{nearest(name, names)}; write {{{{{name}}}}} for the text itself"
                raise wrong("bad-placeholder", problem, hint)
        return text

    return check


_TEXT = Grammar(
    r".*",
    "bad-text",
    "one line of text",
    "write one line without control characters",
    4000,
    _known(*SITE_VALUES),
    is_ascii=False,
)
Text = Annotated[str, _TEXT]
"""One line of text, in which values of the site may stand."""
Lines = Annotated[
    str,
    replace(
        _TEXT,
        what="text of printable characters",
        hint="write lines of text without control characters, or file: and a path in the project",
        longest=100_000,
        pattern=r"(?!file:)[^\r]*",
        has_lines=True,
        may_be_file=True,
    ),
]
"""Lines of text, or a file of the project, in which values of the site may stand."""
ContainerText = Annotated[str, replace(_TEXT, then=_known(*SITE_VALUES, *NODE_VALUES))]
"""A value of an environment, or an argument: values of the node may stand in it, too."""
