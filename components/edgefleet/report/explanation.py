"""The changes inside the images of one site: each node's digests, and each file that differs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff

from rich.text import Text

from edgefleet.model.site_resource import SiteInputs
from edgefleet.site.masked_files import MaskedFile, masked_files

STYLES = {"+": "green", "-": "red", "@": "cyan"}
CONTEXT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A site before or after."""

    inputs: SiteInputs | None = None
    """`None` where there is no such site: it is new, or gone."""
    digests: Mapping[str, str | None] = field(default_factory=dict)
    """dict[node -> digest of its image]."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """dict[node -> what the digest is of]."""


def lines(name: str, old: Side, new: Side) -> Iterator[Text]:
    """Both digests of each node of the site `name`, and a diff of each file, secrets masked."""
    before, after = (masked_files(side.inputs) if side.inputs else {} for side in (old, new))
    for node in sorted({*before, *after}):
        kinds = dict.fromkeys(side.kinds[node] for side in (old, new) if node in side.kinds)
        yield Text(f"{name} {node}  {' -> '.join(kinds)}", "bold")
        yield from _digests(old.digests.get(node), new.digests.get(node))
        yield from _files(before.get(node, {}), after.get(node, {}))


def _digests(old: str | None, new: str | None) -> Iterator[Text]:
    if old == new:
        yield Text(f"    {new}  stays")
        return
    if old is not None:
        yield Text(f"    - {old}", "red")
    if new is not None:
        yield Text(f"    + {new}", "green")


def _files(old: Mapping[str, MaskedFile], new: Mapping[str, MaskedFile]) -> Iterator[Text]:
    """A unified diff of each file that differs, in the order of their paths."""
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before is None or after is None or before.data != after.data:
            yield from _file(path, before, after)


def _file(path: str, before: MaskedFile | None, after: MaskedFile | None) -> Iterator[Text]:
    change = "new" if before is None else "removed" if after is None else "changed"
    if any(file is not None and file.shown is None for file in (before, after)):
        yield Text(f"    {path}  {change}; it is secret and not shown", "bold")
        return
    differences = [*unified_diff(_texts(before), _texts(after), lineterm="", n=CONTEXT)][2:]
    only = "" if differences else ", in its secrets and in the files below"
    yield Text(f"    {path}  {change}{only}", "bold")
    for line in differences:
        yield Text(f"      {line}", STYLES.get(line[:1], ""))


def _texts(rendered: MaskedFile | None) -> list[str]:
    if rendered is None or rendered.shown is None:
        return []
    try:
        text = rendered.shown.decode()
    except UnicodeDecodeError:
        return [f"({len(rendered.data):,} bytes that are no text)"]
    return text.splitlines()
