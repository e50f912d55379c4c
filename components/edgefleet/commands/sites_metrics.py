"""`edgefleet sites metrics`: what the nodes of a stack report, for a Prometheus."""

import typer

from edgefleet.commands import options
from edgefleet.commands.selection import Selector, selecting
from edgefleet.commands.session import session_of
from edgefleet.commands.sites_status import reported_rows
from edgefleet.commands.stack import load
from edgefleet.report import node_metrics


@selecting
def metrics(context: typer.Context, *, stack: options.Stack, which: Selector) -> None:
    """Print what the nodes report as OpenMetrics.

    Write it into the folder of a node exporter's textfile collector, or behind any web server that a
    Prometheus scrapes.
    """
    session = session_of(context)
    fleet = load(session.project, stack)
    rows = reported_rows(session, fleet, which.sites(fleet))
    for line in node_metrics.lines(fleet.name, fleet.region, rows):
        session.out.file.write(f"{line}\n")
