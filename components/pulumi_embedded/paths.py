"""Property paths of resource options: ``a.b[0].c``, ``a["x.y"]``, ``*`` for any element."""

import re
from typing import Any

_PART = re.compile(r'\.?([^.\[\]"]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]')

Path = tuple[str | int, ...]


def parse(text: str) -> Path:
    """Split a path; a malformed one is one key."""
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            return (text,)
        key, index, quoted = match.groups()
        if index is not None and index != "*":
            parts.append(int(index))
        else:
            parts.append(
                key if key is not None else index if index is not None else quoted.replace('\\"', '"')
            )
        position = match.end()
    return tuple(parts)


def contains(pattern: Path, path: Path) -> bool:
    """Return whether a path is the pattern's or lies under it."""
    return len(pattern) <= len(path) and all(
        want in ("*", have) for want, have in zip(pattern, path, strict=False)
    )


def reset(path: Path, old: Any, new: Any) -> Any:
    """Return the new value with the part at the path taken from the old one.

    An element that only one side has is added or removed, as the CLI does for ``ignoreChanges``.
    """
    head, rest = path[0], path[1:]
    if head == "*":
        for key in _keys(old) | _keys(new):
            new = reset((key, *rest), old, new)
        return new
    if isinstance(new, dict) and isinstance(head, str):
        return _reset_key(head, rest, old, new)
    if isinstance(new, list) and isinstance(old, list) and isinstance(head, int):
        if head < len(old) and head < len(new):
            changed = list(new)
            changed[head] = reset(rest, old[head], new[head]) if rest else old[head]
            return changed
        return new
    return new


def _reset_key(head: str, rest: Path, old: Any, new: dict[str, Any]) -> dict[str, Any]:
    had = isinstance(old, dict) and head in old
    if rest:
        if had and head in new:
            return {**new, head: reset(rest, old[head], new[head])}
        return new
    if had:
        return {**new, head: old[head]}
    return {key: value for key, value in new.items() if key != head}


def _keys(value: Any) -> set[str | int]:
    if isinstance(value, dict):
        return set(value)
    return set(range(len(value))) if isinstance(value, list) else set()
