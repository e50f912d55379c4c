"""`edgefleet refresh`: look at what is really there."""

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
    parallel: options.Parallel = 16,
    clear_pending: options.ClearPending = False,
    yes: options.Yes = False,
) -> None:
    """Compare the recorded state with what is really there, and record that; nothing else is touched."""
    wanted = Wanted(
        stack=stack,
        engine=engine,
        targets=tuple(target or ()),
        json=json,
        is_all=all_,
        parallel=parallel,
        clear_pending=clear_pending,
    )
    change(session_of(context), "refresh", wanted, is_agreed=yes)
