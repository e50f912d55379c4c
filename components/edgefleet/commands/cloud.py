"""The emulated cloud of a stack: whether what the state tells of is still in it."""

from typing import TYPE_CHECKING

from edgefleet.commands.session import Session

if TYPE_CHECKING:
    from edgefleet.model.fleet import Fleet

MARK = ".edgefleet/emulator.lost"
"""Stands while a lost cloud has not been made again: who starts a new one learns of it only once."""
LOST = (
    "the emulated cloud of this project was lost, and what was in it; "
    "what is gone is made again by: edgefleet up --refresh -s {stack}"
)


def check_emulated(session: Session, fleet: "Fleet | None", stack: str) -> str:
    """A sentence where the emulated cloud was lost; empty where it is alive or none is used."""
    if fleet is None or fleet.control_plane.cloud.endpoint != "emulated":
        return ""
    from edgefleet.io import disk

    mark = session.project / MARK
    if session.emulator(session.project).was_lost:
        disk.write(mark, b"")
    return LOST.format(stack=stack) if mark.exists() else ""


def settle(session: Session) -> None:
    """Forget that the emulated cloud was lost: the state says again what is there."""
    from edgefleet.io import disk

    disk.remove(session.project / MARK)
