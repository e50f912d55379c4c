"""`edgefleet sites metrics`: what the nodes of a stack report and its rollout, for a Prometheus.

On a hub it serves them without the fleet file: the store and the list of nodes are enough.
"""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands.rollout_store import RolloutStore, Stack, Uri
from edgefleet.commands.screen import remark
from edgefleet.commands.selection import Selector, selecting
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.sites_status import reported_rows, statuses_of
from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.watched import Watched, read, watched
from edgefleet.io import disk
from edgefleet.io.metrics_server import MetricsServer
from edgefleet.io.processes import ending_on_sigterm
from edgefleet.report import metrics as report
from edgefleet.report.metrics import Seen
from edgefleet.rollout.release_keys import stated_delegation
from edgefleet.rollout.stored import newest

Nodes = Annotated[
    Path | None,
    typer.Option("--nodes", metavar="FILE", help="With --store: the nodes, as up writes them on the hub."),
]
Serve = Annotated[
    int | None,
    typer.Option("--serve", metavar="PORT", min=0, max=65535, help="Serve them at /metrics until Ctrl-C."),
]


@selecting
def metrics(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: Stack = None,
    store: Uri = None,
    nodes: Nodes = None,
    which: Selector,
    serve: Serve = None,
    listen: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address of this machine for --serve.")
    ] = "127.0.0.1",
) -> None:
    """Print what nodes, rollout and keys report as OpenMetrics.

    Write it into the folder of a node exporter's textfile collector, or let a Prometheus scrape it: --serve
    asks the store at most once a minute.
    """
    session = session_of(context)
    book = RolloutStore.of(context, stack, store)
    if (nodes is None) is (book.fleet is None) or (which and book.fleet is None):
        problem = "the nodes are those of the stack, or with --store those of --nodes FILE, all of them"
        raise InvalidInput.at("", "which-nodes", problem, "give -s STACK, or --store URI and --nodes FILE")

    def text() -> str:
        return "".join(f"{line}\n" for line in report.lines(_seen(book, which, nodes)))

    if serve is None:
        session.out.file.write(text())
        return
    server = MetricsServer((listen, serve), text, report.TYPE, say=lambda line: remark(session, line))
    remark(session, f"serving {server.address}/metrics")
    with ending_on_sigterm():
        server.serve()


def _seen(book: RolloutStore, which: Selector, file: Path | None) -> Seen:
    """What the store has now, from one listing of statuses."""
    if book.fleet is None:
        found = _watched(book.session, file or Path())
        nodes = found.nodes
    else:
        found = watched(book.fleet)
        nodes = {site: found.nodes[site] for site in which.sites(book.fleet)}
    running = newest(book.store)
    planned = {} if running is None else {site.name: site.nodes for site in running.plan.sites}
    every = {site: (*planned.get(site, ()), *nodes.get(site, ())) for site in (*planned, *nodes)}
    rows = reported_rows(book.store, {site: (*dict.fromkeys(of),) for site, of in every.items()}, book.cache)
    return Seen(
        watched=found,
        rows=[row for row in rows if row.node in nodes.get(row.site, ())],
        rollout=None if running is None else book.view(running, statuses_of(rows)),
        delegation=stated_delegation(book.store),
    )


def _watched(session: Session, file: Path) -> Watched:
    """The nodes in a file, which is read each time: `up` may have replaced it.

    Raises:
        InvalidInput: it is not there, or has something else.
    """
    try:
        return read(disk.read(session.project / file) or b"")
    except ValueError as error:
        problem = f"this is not the list of nodes of a hub: {error}"
        hint = "take nodes.json of the ConfigMap metrics in the namespace edgefleet-channel"
        raise InvalidInput.at(file, "nodes", problem, hint) from error
