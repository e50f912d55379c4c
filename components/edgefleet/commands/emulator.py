"""`edgefleet emulator`, and the cloud of a stack: whether it is emulated, and whether one was lost."""

import typer

from edgefleet.commands.screen import remark
from edgefleet.commands.session import Session, session_of
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io import disk, emulator
from edgefleet.model.cloud import EMULATED
from edgefleet.model.steps import Operation

MARK = ".edgefleet/emulator.lost"
"""Exists until a lost cloud is recreated: only the command that starts a new one detects the loss."""
LOST = "the emulated cloud of this project was lost with its contents; "
STOPPED = (
    "the emulated cloud is stopped and its contents are lost; edgefleet up -s STACK --refresh recreates them"
)
AGAIN: dict[Operation, str] = {
    "preview": "recreate them: edgefleet up --refresh -s {stack}",
    "up": "the stack's resources there are recreated",
    "refresh": "the stack's resources there are removed from the state",
    "destroy": "nothing is left to remove there",
}


def is_emulated(fleet: Fleet) -> bool:
    """Whether the fleet's cloud is the emulated one."""
    return fleet.cloud.endpoint == EMULATED


def emulator_of(session: Session) -> emulator.Emulator:
    """The emulated cloud of the session's project; it is started where it does not run."""
    return (session.emulator or emulator.ensure)(session.project)


def check_emulated(session: Session, fleet: Fleet | None, operation: Operation, stack: str) -> str:
    """A note if the emulated cloud was lost; empty if it runs or none is used."""
    if fleet is None or not is_emulated(fleet):
        return ""
    mark = session.project / MARK
    if emulator_of(session).was_lost:
        lose(session)
    return LOST + AGAIN[operation].format(stack=stack) if mark.exists() else ""


def lose(session: Session) -> None:
    """Record that the emulated cloud no longer has what the state lists."""
    disk.write(session.writable(MARK), b"")


def settle(session: Session) -> None:
    """Forget that the emulated cloud was lost: the state is correct again."""
    disk.remove(session.place(MARK))


def stop(context: typer.Context) -> None:
    """Stop the emulated cloud; its contents are lost.

    Succeeds if it is stopped already.
    """
    session = session_of(context)
    if emulator.stop(session.project):
        lose(session)
        remark(session, STOPPED)
