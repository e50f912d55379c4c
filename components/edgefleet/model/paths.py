"""Dotted paths of values, as people read them and as Pulumi writes property paths.

A part that is no plain word is quoted, a position in a list is a number in brackets:
``nodes.n1.labels["example.com/tier"]``, ``users[0].sshKeys``.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Part = str | int
"""A key of a mapping, or a position in a list (from 0)."""
Path = tuple[Part, ...]

_PLAIN = re.compile(r"[A-Za-z0-9_$-]+")
_PART = re.compile(r'\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\[(?P<index>\d+)\]|\.?(?P<plain>[^.\[\]]+)')


def format_path(parts: Iterable[Part]) -> str:
    """One line for `parts`; `parse_path` reads it back."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif _PLAIN.fullmatch(part):
            path += f".{part}" if path else part
        else:
            path += f"[{json.dumps(part, ensure_ascii=not part.isprintable())}]"
    return path


def parse_path(path: str) -> tuple[Part, ...]:
    """The parts of `path`; text that is not a path is one plain part."""
    parts: list[Part] = []
    end = 0
    while end < len(path):
        match = _PART.match(path, end)
        if match is None:
            return (*parts, path[end:])
        parts.append(_part(match))
        end = match.end()
    return tuple(parts)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """(path, value) of all values in plain data that are no maps and no lists."""
    if isinstance(value, Mapping | list | tuple):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def _part(match: re.Match[str]) -> Part:
    if match["index"] is not None:
        return int(match["index"])
    if match["quoted"] is not None:
        return str(json.loads(f'"{match["quoted"]}"'))
    return match["plain"]
