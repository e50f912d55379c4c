"""What the nodes of a stack report, as a person and a program see it. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from rich.text import Text

from edgefleet.model.spec import outside_name
from edgefleet.report.human import counted
from edgefleet.report.layout import COLUMNS, wrapped
from edgefleet.rollout.node_status import NodeStatus

MINUTE, HOUR, DAY = 60, 3600, 86_400
SILENT, UNREADABLE = "silent", "unreadable"
"""A node that has written nothing, and one that has written something that is no status."""
WORST_FIRST = (
    "failed",
    "rolled-back",
    UNREADABLE,
    SILENT,
    "applying",
    "fetching",
    "waiting",
    "current",
    "healthy",
)
USUAL = {"the release runs"}
"""Reasons that need no line of their own."""
NAME = 32
"""Columns of a site's and a node's name."""
Order = Literal["site", "state", "contact", "disk", "certificate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """One node of one site."""

    site: str
    node: str
    contact: datetime | None
    """When the store got its status; `None` for never."""
    status: NodeStatus | None
    """`None` where it wrote nothing, or nothing that is a status."""

    @property
    def state(self) -> str:
        """Its state, or why there is none."""
        if self.status is not None:
            return self.status.state
        return SILENT if self.contact is None else UNREADABLE

    @property
    def disk(self) -> float | None:
        """Share of its disk that is free, 0 to 1."""
        return None if self.status is None else _share(self.status.disk_free, self.status.disk_size)

    @property
    def memory(self) -> float | None:
        """Share of its memory that is free, 0 to 1."""
        return None if self.status is None else _share(self.status.memory_free, self.status.memory_size)

    def quiet(self, now: datetime) -> float:
        """Seconds since the store heard of it."""
        return float("inf") if self.contact is None else (now - self.contact).total_seconds()


def _share(free: int | None, size: int | None) -> float | None:
    return None if free is None or not size else min(1.0, free / size)


def _or_last(value: float | None) -> float:
    return float("inf") if value is None else value


KEYS: dict[Order, Callable[[NodeRow], Any]] = {
    "site": lambda row: row.site,
    "state": lambda row: WORST_FIRST.index(row.state),
    "contact": lambda row: 0.0 if row.contact is None else row.contact.timestamp(),
    "disk": lambda row: _or_last(row.disk),
    "certificate": lambda row: _or_last(row.status.certificate_ends if row.status else None),
}
"""dict[order -> key]; those that need a look come first."""


def ordered(rows: Sequence[NodeRow], by: Order) -> list[NodeRow]:
    """The rows in an order, those of equal rank by their names."""
    return sorted(rows, key=lambda row: (KEYS[by](row), row.site, row.node))


def lines(title: str, rows: Sequence[NodeRow], now: datetime) -> Iterator[Text]:
    """A line for each node in 80 columns, and one for a reason that is not the usual one."""
    counts = Counter(row.state for row in rows)
    sites = len({row.site for row in rows})
    shown = ", ".join(f"{counts[state]:,} {state}" for state in WORST_FIRST if counts[state])
    yield from wrapped(f"{title}: {counted(sites, 'site')}, {counted(len(rows), 'node')}: {shown or 'none'}")
    if rows:
        yield Text(
            f"  {'SITE NODE':{NAME}} {'STATE':11} {'CONTACT':>8} {'DISK':>5} {'PODS':>7} {'CERT':>7}", "dim"
        )
    for row in rows:
        yield from row_lines(row, now)


def row_lines(row: NodeRow, now: datetime) -> Iterator[Text]:
    """One node: name, state, last contact, free share of its disk, pods, time until a certificate ends."""
    name, status = f"{row.site} {row.node}", row.status
    contact = "never" if row.contact is None else span(max(0.0, row.quiet(now)))
    disk = "" if row.disk is None else f"{row.disk:.0%}"
    pods = "" if status is None or status.ready is None else f"{status.ready}/{status.pods}"
    ends = status.certificate_ends if status else None
    left = "" if ends is None else span(ends - now.timestamp())
    if len(name) > NAME:
        yield Text(f"  {name}")
        name = ""
    yield Text(f"  {name:{NAME}} {row.state:11} {contact:>8} {disk:>5} {pods[:7]:>7} {left:>7}")
    if status is not None and status.reason and status.reason not in USUAL:
        for line in wrapped(f"      {status.reason}", columns=COLUMNS - 4):
            yield line if line.plain.startswith("    ") else Text("    ").append_text(line)


def document(title: str, rows: Sequence[NodeRow]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "stack": title,
        "nodes": [
            {
                "site": row.site,
                "node": row.node,
                "contact": None
                if row.contact is None
                else f"{row.contact.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                **(
                    {outside_name(name): value for name, value in asdict(row.status).items()}
                    if row.status
                    else {}
                ),
                "state": row.state,
            }
            for row in rows
        ],
    }


def span(seconds: float) -> str:
    """``now``, ``5 min``, ``3 h``, ``12 d``; a time that is over, ``ended``."""
    if seconds < -MINUTE:
        return "ended"
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return "now"
