"""What differs between two sets of properties, by path. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from edgefleet.model.paths import Part, format_path, parse_path

Kind = Literal["add", "delete", "update"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs."""

    path: tuple[Part, ...]
    kind: Kind

    def __str__(self) -> str:
        """The path as Pulumi writes it."""
        return format_path(self.path)


def differences(old: Any, new: Any, path: tuple[Part, ...] = ()) -> Iterator[Difference]:
    """The smallest parts of plain data that differ; a map or list that comes or goes is one difference.

    An unknown value differs from every known one.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _in_maps(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_lists(old, new, path)
    elif old is None and new is not None:
        yield Difference(path, "add")
    elif old is not None and new is None:
        yield Difference(path, "delete")
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield Difference(path, "update")


def _in_maps(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[Part, ...]) -> Iterator[Difference]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield Difference((*path, name), "delete")
        elif name not in old:
            yield Difference((*path, name), "add")
        else:
            yield from differences(old[name], new[name], (*path, name))


def _in_lists(old: list[Any], new: list[Any], path: tuple[Part, ...]) -> Iterator[Difference]:
    for index in range(max(len(old), len(new))):
        if index >= len(new):
            yield Difference((*path, index), "delete")
        elif index >= len(old):
            yield Difference((*path, index), "add")
        else:
            yield from differences(old[index], new[index], (*path, index))


def is_ignored(difference: Difference, ignored: list[str]) -> bool:
    """Whether one of the paths in `ignored` (``*`` stands for any key or position) covers `difference`."""
    return any(_covers(parse_path(path), difference.path) for path in ignored)


def _covers(pattern: tuple[Part, ...], path: tuple[Part, ...]) -> bool:
    return len(pattern) <= len(path) and all(
        wanted in ("*", part) for wanted, part in zip(pattern, path, strict=False)
    )
