"""The differences between two images as text."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from edgefleet.model.listing import Entry
from edgefleet.report.explanation import STYLES
from edgefleet.site.image_diff import Change, Difference, Value

SIGNS = {"added": "+", "removed": "-", "changed": "~"}
COLOURS = {"+": "green", "-": "red", "~": "yellow"}


def lines(difference: Difference) -> Iterator[Text]:
    """Everything that changed; one line where nothing did."""
    if difference.is_none:
        yield Text("the same image")
    for heading, values in (
        ("IMAGE", difference.about),
        ("INPUTS", difference.parts),
        ("TOOLS", difference.tools),
    ):
        yield from _values(heading, values)
    for heading, changes in (("ON THE MEDIUM", difference.medium), ("ON THE NODE", difference.node_files)):
        if changes:
            yield Text(f"{heading} - {_counted(changes)}", "bold")
            for change in changes:
                yield from _change(change)


def _values(heading: str, values: Iterable[Value]) -> Iterator[Text]:
    for number, value in enumerate(values):
        if not number:
            yield Text(heading, "bold")
        yield Text(f"  {value.name}: {value.old or '(none)'} -> {value.new or '(none)'}")


def _counted(changes: Iterable[Change]) -> str:
    kinds = [change.kind for change in changes]
    return ", ".join(
        f"{kinds.count(kind):,} {kind}" for kind in ("added", "removed", "changed") if kind in kinds
    )


def _change(change: Change) -> Iterator[Text]:
    sign = SIGNS[change.kind]
    yield Text(f"  {sign} {change.path}  {'; '.join(_differences(change))}", COLOURS[sign])
    for line in change.diff if change.kind == "changed" else ():
        yield Text(f"      {line}", STYLES.get(line[:1], ""))


def _differences(change: Change) -> Iterator[str]:
    old, new = change.old, change.new
    if old is None or new is None:
        yield _entry(old or new)
        return
    if (old.mode, old.owner) != (new.mode, new.owner):
        yield f"{_modes(old)} -> {_modes(new)}"
    if old.size != new.size:
        yield f"{old.size:,} -> {new.size:,} bytes"
    if old.digest != new.digest:
        yield "differs; it holds secrets and is not shown" if change.is_secret else "differs"


def _entry(entry: Entry | None) -> str:
    return "" if entry is None else f"{_modes(entry)} {entry.size:,} bytes".strip()


def _modes(entry: Entry) -> str:
    return f"{entry.mode} {entry.owner}".strip()
