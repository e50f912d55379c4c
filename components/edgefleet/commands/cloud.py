"""The emulated cloud of a stack: whether what the state tells of is still in it."""

from typing import TYPE_CHECKING

from edgefleet.commands.session import Session
from edgefleet.model.steps import Operation

if TYPE_CHECKING:
    from edgefleet.fleetfile.fleet import Fleet

MARK = ".edgefleet/emulator.lost"
"""Stands while a lost cloud has not been made again: who starts a new one learns of it only once."""
LOST = "the emulated cloud of this project was lost, and what was in it; "
AGAIN: dict[Operation, str] = {
    "preview": "make it again with: edgefleet up --refresh -s {stack}",
    "up": "what the stack had there is made again",
    "refresh": "the stack forgets what it had there",
    "destroy": "there is nothing left to remove there",
}


def check_emulated(session: Session, fleet: "Fleet | None", operation: Operation, stack: str) -> str:
    """A sentence where the emulated cloud was lost; empty where it is alive or none is used."""
    if fleet is None or fleet.control_plane.cloud.endpoint != "emulated":
        return ""
    mark = session.project / MARK
    if session.emulator(session.project).was_lost:
        lose(session)
    return LOST + AGAIN[operation].format(stack=stack) if mark.exists() else ""


def lose(session: Session) -> None:
    """Note that what the state tells of is no longer in the emulated cloud."""
    from edgefleet.io import disk

    disk.write(session.project / MARK, b"")


def settle(session: Session) -> None:
    """Forget that the emulated cloud was lost: the state says again what is there."""
    from edgefleet.io import disk

    disk.remove(session.project / MARK)
