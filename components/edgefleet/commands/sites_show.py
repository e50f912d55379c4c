"""`edgefleet sites show`: what runs at a site, from which line of the fleet file, and what it takes."""

from typing import Annotated

import typer

from edgefleet.commands import options
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.screen import show as show_lines
from edgefleet.commands.session import session_of
from edgefleet.commands.stack import known_site, load
from edgefleet.commands.state_sites import recorded_sites
from edgefleet.report import site_contents


def show(
    context: typer.Context,
    site: Annotated[str, typer.Argument(metavar="SITE", help="Name of the site.")],
    *,
    stack: options.Stack,
    json: options.Json = None,
    engine: options.WantedEngine = "auto",
) -> None:
    """Show what runs at a site, and what it takes."""
    session = session_of(context)
    fleet = load(session.project, stack)
    known_site(fleet, site)
    place = JsonFile.to(session, json)
    recorded = recorded_sites(session, stack, engine).get(site)
    release, digests = (recorded.release, recorded.digests) if recorded else (None, {})
    contents = site_contents.contents(fleet, site, release, digests)
    place.write(site_contents.document(stack, contents))
    if not place.is_stdout:
        show_lines(session, site_contents.lines(contents))
