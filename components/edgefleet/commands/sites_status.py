"""`edgefleet sites status`: what the nodes of a stack report of themselves, from one listing of its store."""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import options
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.rollout_store import cache_of
from edgefleet.commands.screen import remark, show
from edgefleet.commands.selection import Selector, selecting
from edgefleet.commands.session import session_of
from edgefleet.commands.stack import load
from edgefleet.commands.stack_store import opened
from edgefleet.errors import InvalidInput
from edgefleet.io.store import ArtifactStore
from edgefleet.model.schedules import seconds_of
from edgefleet.report import node_statuses as report
from edgefleet.report.node_statuses import NodeRow, Order
from edgefleet.rollout.node_status import read
from edgefleet.rollout.statuses import Status
from edgefleet.rollout.stored_statuses import written

States = Annotated[
    list[str] | None,
    typer.Option("--state", metavar="STATE", help="Only nodes in this state, such as failed; repeatable."),
]


@selecting
def status(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: options.Stack,
    which: Selector,
    state: States = None,
    silent: Annotated[
        str | None,
        typer.Option("--silent", metavar="TIME", help="Only nodes not heard of for so long, such as 2h."),
    ] = None,
    sort: Annotated[
        Order, typer.Option("--sort", help="What comes first; those that need a look do.")
    ] = "site",
    watch: Annotated[bool, typer.Option("--watch", help="Go on, and show each node that changes.")] = False,
    every: Annotated[
        int, typer.Option("--every", metavar="SECONDS", min=1, max=3600, help="How often --watch looks.")
    ] = 10,
    json: options.Json = None,
) -> None:
    """Show what the nodes report: state, last contact, disk, pods.

    The last contact is by the store's clock. A node that wrote nothing is silent, and one that wrote
    something that is no status is unreadable.
    """
    session = session_of(context)
    place = JsonFile.to(session, json)
    if watch and json is not None:
        raise InvalidInput.at("", "watch", "--watch shows lines, and --json is one document", "leave one out")
    wanted, least = _states(state), _seconds(silent)
    fleet = load(session.project, stack)
    if fleet.channel is None:
        remark(session, "note: the fleet file has no channel, by which nodes report")
    nodes = {name: tuple(fleet.sites[name].nodes) for name in which.sites(fleet)}
    store = opened(session, fleet)

    def look() -> list[NodeRow]:
        now = session.now()
        rows = reported_rows(store, nodes, cache_of(session, store))
        return report.ordered([r for r in rows if r.state in wanted and r.quiet(now) >= least], sort)

    rows = look()
    place.write(report.document(stack, rows))
    if not place.is_stdout:
        show(session, report.lines(stack, rows, session.now()))
    while watch:
        session.sleep(every)
        known, rows = set(rows), look()
        for row in rows:
            if row not in known:
                show(session, report.row_lines(row, session.now()))


def reported_rows(
    store: ArtifactStore, nodes: Mapping[str, tuple[str, ...]], cache: Path | None = None
) -> list[NodeRow]:
    """What nodes report, from one listing and the objects that changed.

    Args:
        store: where.
        nodes: dict[site -> its nodes].
        cache: see `stored_statuses.written`.

    Raises:
        OutsideFailure: the store does not answer.
    """
    found = written(store, nodes, cache)
    rows = []
    for site, names in nodes.items():
        for node in names:
            of = found.get((site, node))
            status = None if of is None or of.data is None else read(of.data)
            rows.append(NodeRow(site=site, node=node, contact=of.at if of else None, status=status))
    return rows


def statuses_of(rows: Iterable[NodeRow]) -> dict[str, dict[str, Status]]:
    """dict[site -> dict[node -> status]], as far as a rollout reads it."""
    found: dict[str, dict[str, Status]] = {}
    for row in rows:
        if row.status is not None:
            found.setdefault(row.site, {})[row.node] = Status(row.status.state, row.status.sequence)
    return found


def _states(named: Collection[str] | None) -> Collection[str]:
    if unknown := sorted({*(named or ())} - {*report.WORST_FIRST}):
        hint = f"there are: {', '.join(report.WORST_FIRST)}"
        raise InvalidInput.at("--state", "unknown-state", f"there is no state {unknown[0]!r}", hint)
    return named or report.WORST_FIRST


def _seconds(text: str | None) -> int:
    if text is None:
        return 0
    if re.fullmatch(r"[1-9]\d{0,5}[smhd]", text) is None:
        hint = "write a number with its unit, such as 90s, 30m, 2h or 7d"
        raise InvalidInput.at("--silent", "bad-duration", f"{text!r} is not a duration", hint)
    return seconds_of(text)
