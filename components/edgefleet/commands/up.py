"""`edgefleet up`: preview, ask, make it so."""

import typer

from edgefleet.commands import options
from edgefleet.commands.asking import change
from edgefleet.commands.running import Wanted
from edgefleet.commands.session import session_of


def command(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: options.Stack,
    engine: options.WantedEngine = "auto",
    target: options.Targets = None,
    json: options.Json = None,
    all_: options.All = False,
    refresh: options.Refresh = False,
    parallel: options.Parallel = 16,
    yes: options.Yes = False,
) -> None:
    """Make it so: preview, ask, then change what the preview says."""
    wanted = Wanted(
        stack=stack,
        engine=engine,
        targets=tuple(target or ()),
        json=json,
        is_all=all_,
        refresh=refresh,
        parallel=parallel,
    )
    change(session_of(context), "up", wanted, is_agreed=yes)
