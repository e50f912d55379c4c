"""`edgefleet emulator`: the emulated cloud of this project."""

import typer

from edgefleet.commands.cloud import lose
from edgefleet.commands.screen import say
from edgefleet.commands.session import session_of


def group() -> typer.Typer:
    """The commands about the emulated cloud."""
    made = typer.Typer(
        help="The emulated cloud of stacks whose endpoint is `emulated`.", no_args_is_help=True
    )
    made.callback()(_emulator)
    made.command("stop")(stop)
    return made


def _emulator() -> None:
    """The emulated cloud of stacks whose endpoint is `emulated`."""


def stop(context: typer.Context) -> None:
    """Stop it; what it holds is lost. Stopped already is success."""
    from edgefleet.io import emulator

    session = session_of(context)
    if emulator.stop(session.project):
        lose(session)
        say(
            session,
            "the emulated cloud is stopped; what it held is lost, `edgefleet up --refresh` makes it again",
        )
