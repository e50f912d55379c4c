"""How the files of an image differ, for people; what is secret is told apart but never shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff

from rich.text import Text

STYLES = {"+": "green", "-": "red", "@": "cyan"}
CONTEXT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One file of an image, or of the box that the image makes."""

    data: bytes = field(repr=False)
    """What it holds."""
    shown: bytes | None
    """The same with its secrets masked; `None` where all of it is secret."""


def lines(old: Mapping[str, Rendered], new: Mapping[str, Rendered]) -> Iterator[Text]:
    """A unified diff of each file that differs, in the order of their paths."""
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before is None or after is None or before.data != after.data:
            yield from _one(path, before, after)


def _one(path: str, before: Rendered | None, after: Rendered | None) -> Iterator[Text]:
    what = "new" if before is None else "removed" if after is None else "changed"
    if any(each is not None and each.shown is None for each in (before, after)):
        yield Text(f"    {path}  {what}; it is secret and not shown", "bold")
        return
    found = [*unified_diff(_texts(before), _texts(after), lineterm="", n=CONTEXT)][2:]
    only = "" if found else ", in its secrets and in the files below"
    yield Text(f"    {path}  {what}{only}", "bold")
    for line in found:
        yield Text(f"      {line}", STYLES.get(line[:1], ""))


def _texts(rendered: Rendered | None) -> list[str]:
    if rendered is None or rendered.shown is None:
        return []
    try:
        text = rendered.shown.decode()
    except UnicodeDecodeError:
        return [f"({len(rendered.data):,} bytes that are no text)"]
    return ["".join(each if each.isprintable() else " " for each in line) for line in text.splitlines()]
