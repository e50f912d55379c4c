"""How the files of an image differ, for people; what is secret is told apart but never shown."""

from collections.abc import Iterator, Mapping
from difflib import unified_diff

from rich.text import Text

from edgefleet.site.masked_files import MaskedFile

STYLES = {"+": "green", "-": "red", "@": "cyan"}
CONTEXT = 2


def lines(old: Mapping[str, MaskedFile], new: Mapping[str, MaskedFile]) -> Iterator[Text]:
    """A unified diff of each file that differs, in the order of their paths."""
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before is None or after is None or before.data != after.data:
            yield from _one(path, before, after)


def _one(path: str, before: MaskedFile | None, after: MaskedFile | None) -> Iterator[Text]:
    what = "new" if before is None else "removed" if after is None else "changed"
    if any(each is not None and each.shown is None for each in (before, after)):
        yield Text(f"    {path}  {what}; it is secret and not shown", "bold")
        return
    found = [*unified_diff(_texts(before), _texts(after), lineterm="", n=CONTEXT)][2:]
    only = "" if found else ", in its secrets and in the files below"
    yield Text(f"    {path}  {what}{only}", "bold")
    for line in found:
        yield Text(f"      {line}", STYLES.get(line[:1], ""))


def _texts(rendered: MaskedFile | None) -> list[str]:
    if rendered is None or rendered.shown is None:
        return []
    try:
        text = rendered.shown.decode()
    except UnicodeDecodeError:
        return [f"({len(rendered.data):,} bytes that are no text)"]
    return ["".join(each if each.isprintable() else " " for each in line) for line in text.splitlines()]
