"""Changes of Kubernetes objects in words: ``Deployment/till: image ...:1.4 -> ...:1.5``. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from edgefleet.model.paths import Part, format_path, parse_path
from edgefleet.report import human
from edgefleet.workloads.differences import ObjectChange

SIGNS = {"added": "+", "removed": "-"}
_IMAGE = re.compile(r"(?P<name>.+?)(?P<tag>:[^:/@]+)?(?P<digest>@sha256:[0-9a-f]+)?")
_SIDES = re.compile(r"\.resources\.(requests|limits)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLine:
    """One line about objects."""

    sign: str = ""
    """``+`` for new objects, ``-`` for removed ones; empty where a value differs."""
    label: str
    """``Deployment/till: image``; for new and removed objects all their names."""
    old: str = ""
    new: str = ""
    """The values; both empty where they are not shown."""
    where: str = ""
    """``file:line`` that declares it."""

    @property
    def text(self) -> str:
        """Without its place: ``Deployment/till: image ...:1.4 -> ...:1.5``, ``+ Service/till``."""
        if self.sign:
            return f"{self.sign} {self.label}"
        return f"{self.label} {self.old} -> {self.new}" if self.old or self.new else self.label


def lines(changes: Iterable[ObjectChange]) -> Iterator[ObjectLine]:
    """A line for each value that differs, and one for all new or removed objects of a workload."""
    for (op, _, where), alike in groupby(changes, lambda change: (change.op, change.workload, change.where)):
        if op in SIGNS:
            names = ", ".join(change.object for change in alike)
            yield ObjectLine(sign=SIGNS[op], label=names, where=where)
        else:
            yield from map(_line, _joined(alike))


def _joined(changes: Iterable[ObjectChange]) -> Iterator[ObjectChange]:
    """`changes`, with one in place of two where a limit changes with its request."""
    alike: dict[str, ObjectChange] = {}
    for change in changes:
        both = replace(change, path=_SIDES.sub(".resources.", change.path))
        key = repr(both)
        alike[key] = both if key in alike else change
    yield from alike.values()


def _line(change: ObjectChange) -> ObjectLine:
    kind, _, name = change.object.partition("/")
    label = f"{change.object}: {_label(name, parse_path(change.path))}"
    if kind == "Secret":
        return ObjectLine(label=f"{label} (secret)", where=change.where)
    if _is_text(change.old) and _is_text(change.new):
        return ObjectLine(label=f"{label} {_lines(change.old, change.new)}", where=change.where)
    old, new = _value(change.old), _value(change.new)
    if change.path.endswith(".image"):
        old, new = _images(old, new)
    return ObjectLine(label=label, old=old, new=new, where=change.where)


def _label(name: str, path: tuple[Part, ...]) -> str:
    """The value at `path` of the object `name`, without what every Pod has around it."""
    match path:
        case ("spec", "template", "spec", *rest) | ("spec", "jobTemplate", "spec", "template", "spec", *rest):
            pass
        case ("spec", "template", *rest) | ("spec", *rest):
            pass
        case _:
            rest = [*path]
    match rest:
        case ["containers" | "initContainers", str(container), *rest] if rest:
            return _short(rest) if container == name else f"{container} {_short(rest)}"
    return _short(rest)


def _short(path: list[Part]) -> str:
    match path:
        case [*_, "resources", str(of)] | ["data" | "stringData", str(of)]:
            short = of
        case [*_, "resources", "requests" | "limits" as sides, str(of)]:
            short = f"{of} {sides.removesuffix('s')}"
        case ["env", str(of)] | ["env", str(of), "value"]:
            short = f"env {of}"
        case ["metadata", "annotations" | "labels" as marks, str(of)]:
            short = f"{marks.removesuffix('s')} {of}"
        case _:
            short = format_path(path)
    return short


def _value(value: Any) -> str:
    """A value in a line; of a named item (a variable) its own value."""
    return human.value("", value.get("value", value) if isinstance(value, Mapping) else value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value


def _lines(old: str, new: str) -> str:
    """How many lines of a text differ: ``+2 -1 lines``."""
    before, after = old.splitlines(), new.splitlines()
    ops = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    come = sum(end - start for op, *_, start, end in ops if op != "equal")
    gone = sum(end - start for op, start, end, *_ in ops if op != "equal")
    return f"+{come} -{gone} lines"


def _images(old: str, new: str) -> tuple[str, str]:
    """Images without the name that both have, digests cut."""
    before, after = (_IMAGE.fullmatch(image) for image in (old, new))
    if before is None or after is None:
        return old, new
    is_same = before["name"] == after["name"]
    return _image(before, is_same=is_same), _image(after, is_same=is_same)


def _image(of: re.Match[str], *, is_same: bool) -> str:
    digest = f"@{human.digest(of['digest'][1:])}" if of["digest"] else ""
    return f"{'...' if is_same else of['name']}{of['tag'] or ''}{digest}"
