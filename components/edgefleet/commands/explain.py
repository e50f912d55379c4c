"""`edgefleet explain`: what changes inside the images of a site, file by file."""

from typing import Annotated

import typer

from edgefleet.commands import explaining, options
from edgefleet.commands.screen import show
from edgefleet.commands.session import session_of


def command(
    context: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="SITE|'#N'", help="A site, or the number of a change in preview.")
    ],
    *,
    stack: options.Stack,
    engine: options.WantedEngine = "auto",
) -> None:
    """Show what changes inside a site's images, file by file.

    Shows each file that differs, with secrets masked, and both digests.
    """
    session = session_of(context)
    show(
        session,
        explaining.lines(explaining.Question(session=session, stack=stack, engine=engine), what),
    )
