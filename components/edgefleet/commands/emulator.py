"""`edgefleet emulator`: the emulated cloud of this project."""

import typer

from edgefleet.commands.emulated_cloud import lose
from edgefleet.commands.screen import say
from edgefleet.commands.session import session_of
from edgefleet.io import emulator


def stop(context: typer.Context) -> None:
    """Stop the emulated cloud; its contents are lost.

    Succeeds if it is stopped already.
    """
    session = session_of(context)
    if emulator.stop(session.project):
        lose(session)
        say(
            session,
            "the emulated cloud is stopped and its contents are lost; edgefleet up --refresh recreates them",
        )
