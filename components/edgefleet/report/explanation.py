"""What changes inside the images of one site: each node's digests, and each file that differs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rich.text import Text

from edgefleet.model.site_resource import SiteInputs
from edgefleet.report import filediff
from edgefleet.site.masked_files import masked_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A site before or after."""

    inputs: SiteInputs | None = None
    """`None` where there is no such site: it is new, or gone."""
    digests: Mapping[str, str | None] = field(default_factory=dict)
    """dict[node -> digest of its image]."""


def lines(name: str, old: Side, new: Side) -> Iterator[Text]:
    """Both digests of each node of the site `name`, and a diff of each file, secrets masked."""
    before, after = (masked_files(side.inputs) if side.inputs else {} for side in (old, new))
    for node in sorted({*before, *after}):
        yield Text(f"{name} {node}", "bold")
        yield from _digests(old.digests.get(node), new.digests.get(node))
        yield from filediff.lines(before.get(node, {}), after.get(node, {}))


def _digests(old: str | None, new: str | None) -> Iterator[Text]:
    if old == new:
        yield Text(f"    {new}  stays")
        return
    if old is not None:
        yield Text(f"    - {old}", "red")
    if new is not None:
        yield Text(f"    + {new}", "green")
