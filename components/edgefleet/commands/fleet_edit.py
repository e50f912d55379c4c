"""Edits of a stack's fleet file by a command: shown, agreed on, written, and taken back if invalid."""

import codecs
from pathlib import Path

import typer

from edgefleet.commands.screen import agrees, remark, show
from edgefleet.commands.session import Session
from edgefleet.commands.stack import load
from edgefleet.errors import EdgefleetError, OutsideFailure, Refused
from edgefleet.fleetfile.document_io import read_text
from edgefleet.fleetfile.editing import Editing
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io import disk

CANCELLED = 130


def editing(session: Session, fleet: Fleet) -> Editing:
    """Edits of the files of `fleet`, of which none is written yet."""
    return Editing(fleet.provenance, lambda shown: read_text(session.project / shown, shown))


def write(session: Session, stack: str, edits: Editing, *, is_agreed: bool) -> Fleet:
    """Show the edits, ask, write the files, and read the fleet again.

    Raises:
        InvalidInput: the edited fleet is invalid, such as by a workload that names a removed site; the files
            are as before.
        Refused: it has to ask, and stdin is no terminal.
        OutsideFailure: a file cannot be written, or has changed meanwhile.
    """
    show(session, (line for file in edits.files for line in file.difference))
    if not is_agreed:
        _ask(session)
    before = {session.place(file.shown): _bytes(session.place(file.shown)) for file in edits.files}
    after = {}
    for file in edits.files:
        path = session.place(file.shown)
        mark = codecs.BOM_UTF8 if before[path].startswith(codecs.BOM_UTF8) else b""
        if before[path] != mark + file.before.encode():
            problem = "another program changed it meanwhile; nothing was written"
            raise OutsideFailure.at(file.shown, "contended", problem, "run it again")
        after[path] = mark + file.after.encode()
    try:
        for path, data in after.items():
            _put(path, data)
        return load(session.project, stack)
    except BaseException as error:  # an interrupt between two files, too
        for path, data in before.items():
            _put(path, data)
        if isinstance(error, EdgefleetError):
            remark(session, "the files are as before: with the edit, the fleet file would have these errors")
        raise


def _ask(session: Session) -> None:
    if not session.is_interactive:
        problem = "it asks before it writes these lines, but stdin is not a terminal"
        raise Refused.at("", "not-a-terminal", problem, "look at them, then add -y")
    if not agrees(session, "write these lines?"):
        remark(session, "cancelled; nothing was changed")
        raise typer.Exit(CANCELLED)


def _bytes(path: Path) -> bytes:
    return disk.read(path) or b""


def _put(path: Path, data: bytes) -> None:
    with disk.explaining(path, "cannot be read"):
        mode = path.stat().st_mode & 0o777
    disk.write(path, data, mode=mode)
