"""The sites of a stack as a list: the desired image of each node, and the acknowledged one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from edgefleet.report.human import counted, digest
from edgefleet.report.layout import COLUMNS

NAME = 33
"""Columns of a site's and a node's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeImage:
    """One node of one site."""

    site: str
    node: str
    kind: str
    """What the digests are of: ``seed`` or ``parts``."""
    desired: str | None
    """Digest of its image in the store; `None` where that is lost or could not be written."""
    acknowledged: str | None
    """Digest of the image that was acknowledged to be on it."""
    uri: str = ""
    release: str | None = None
    """Digest of the site's release in the store."""
    part: str | None = None
    """Digest of the node's part of it, as /etc/edgefleet/release has it on the node."""

    @property
    def is_pending(self) -> bool:
        """Whether the desired image was not acknowledged."""
        return self.desired is None or self.acknowledged != self.desired


def lines(stack: str, nodes: Sequence[NodeImage]) -> Iterator[Text]:
    """One line per node, and the next command."""
    pending = [node for node in nodes if node.is_pending]
    sites = len({node.site for node in nodes})
    yield Text(
        f"{stack}: {counted(sites, 'site')}, {len(pending):,} of {counted(len(nodes), 'node')} pending"
    )
    if nodes:
        yield Text(f"  {'SITE NODE':{NAME}}{'DESIRED':26}ACKNOWLEDGED", "dim")
    for node in nodes:
        yield from _line(node)
    ready = [node for node in pending if node.desired is not None]
    if not nodes or len(ready) < len(pending):
        yield Text(f"next: edgefleet up -s {stack}")
    elif ready:
        yield Text(f"next: edgefleet sites ack -s {stack} --target {ready[0].site}")


def _line(node: NodeImage) -> Iterator[Text]:
    name = f"  {node.site} {node.node}"
    line = Text(name)
    if line.cell_len > NAME:
        yield line
        line = Text()
    desired = "not in the store" if node.desired is None else f"{node.kind} {digest(node.desired)}"
    line.append(" " * (NAME + 2 - line.cell_len)).append(f"{desired:26}")
    if not node.is_pending:
        line.append("the same", "green")
    elif node.acknowledged is None:
        line.append("not acknowledged", "yellow")
    else:
        line.append(digest(node.acknowledged), "yellow")
    line.truncate(COLUMNS)
    yield line


def document(stack: str, nodes: Sequence[NodeImage]) -> dict[str, Any]:
    """The same as JSON."""
    sites: dict[str, dict[str, Any]] = {}
    for node in nodes:
        site = sites.setdefault(node.site, {"name": node.site, "release": node.release, "nodes": {}})
        site["nodes"][node.node] = {
            "kind": node.kind,
            "desired": node.desired,
            "acknowledged": node.acknowledged,
            "reported": None,
            "pending": node.is_pending,
            "uri": node.uri,
            "release": node.part,
        }
    return {"stack": stack, "sites": [*sites.values()]}
