"""The sites of a stack as a list: what is desired, what is on the boxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from edgefleet.report.human import counted, digest
from edgefleet.report.layout import COLUMNS

NAME = 34
"""Columns of a site's and a node's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One node of one site."""

    site: str
    node: str
    desired: str | None
    """Digest of its image in the store; `None` where that is lost or could not be written."""
    acknowledged: str | None
    """Digest of what somebody said is on it."""
    uri: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether the box has, as far as anybody said, another image than the desired one."""
        return self.desired is None or self.acknowledged != self.desired


def lines(stack: str, boxes: Sequence[Box]) -> Iterator[Text]:
    """One line a node, and what waits."""
    pending = [box for box in boxes if box.is_pending]
    sites = len({box.site for box in boxes})
    yield Text(f"{stack}: {counted(sites, 'site')}, {len(pending):,} of {counted(len(boxes), 'box')} pending")
    if boxes:
        yield Text(f"  {'SITE NODE':{NAME}}{'DESIRED':22}ON THE BOX", "dim")
    for box in boxes:
        yield from _line(box)
    ready = [box for box in pending if box.desired is not None]
    if len(ready) < len(pending):
        yield Text(f"next: edgefleet up -s {stack}")
    elif ready:
        yield Text(f"next: edgefleet sites ack -s {stack} {ready[0].site}")


def _line(box: Box) -> Iterator[Text]:
    name = f"  {box.site} {box.node}"
    line = Text(name)
    if line.cell_len > NAME:
        yield line
        line = Text()
    desired = "not in the store" if box.desired is None else digest(box.desired)
    line.append(" " * (NAME + 2 - line.cell_len)).append(f"{desired:22}")
    if not box.is_pending:
        line.append("the same", "green")
    elif box.acknowledged is None:
        line.append("nobody said", "yellow")
    else:
        line.append(digest(box.acknowledged), "yellow")
    line.truncate(COLUMNS)
    yield line


def document(stack: str, boxes: Sequence[Box]) -> dict[str, Any]:
    """The same for programs."""
    sites: dict[str, dict[str, Any]] = {}
    for box in boxes:
        sites.setdefault(box.site, {})[box.node] = {
            "desired": box.desired,
            "acknowledged": box.acknowledged,
            "reported": None,
            "pending": box.is_pending,
            "uri": box.uri,
        }
    return {"stack": stack, "sites": [{"name": name, "nodes": nodes} for name, nodes in sites.items()]}
