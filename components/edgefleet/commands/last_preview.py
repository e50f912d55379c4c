"""The last preview of a stack, kept so that `explain '#1'` takes its numbers from what was shown.

One JSON file below ``.edgefleet/previews``, private: what the preview showed, and a digest of the files that
it was about. An operation that changes the stack removes it, as its numbers mean nothing any more.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgefleet.commands.session import Session
from edgefleet.commands.stack import FOLDER
from edgefleet.commands.state_sites import Recorded
from edgefleet.errors import InvalidInput, OutsideFailure, Problem
from edgefleet.io import disk
from edgefleet.report import document
from edgefleet.report.plan_view import Group, View


def keep(session: Session, view: View) -> None:
    """Keep what a preview shows; a project that cannot be written loses nothing but the numbers."""
    if view.result != "succeeded":
        return
    kept = {"files": _digest(session.project, view.stack), "document": document.document(view)}
    try:
        disk.write(_file(session, view.stack), json.dumps(kept).encode(), is_flushed=False)
    except OutsideFailure:
        forget(session, view.stack)


def forget(session: Session, stack: str) -> None:
    """Keep none: the stack is being changed."""
    try:
        disk.remove(_file(session, stack))
    except OutsideFailure:
        return


def change(
    session: Session, stack: str, what: str, before: Mapping[str, Recorded]
) -> tuple[Group, list[str]]:
    """The change that the last preview showed as `what` (``#1``), and notes on what is different by now.

    Raises:
        InvalidInput: there is no preview, or it showed no such change.
    """
    kept = _kept(session, stack)
    groups = [] if kept is None else kept["document"]["groups"]
    number = int(what[1:]) if what[1:].isdecimal() else 0
    found = next((each for each in groups if each["number"] == number), None)
    if kept is None or found is None:
        if kept is None:
            there = "no preview has been shown since the stack was last changed"
        else:
            there = f"the last preview showed #1 to #{len(groups)}" if groups else "no change is planned"
        hint = f"{there}: edgefleet preview -s {stack}"
        raise InvalidInput(Problem(code="unknown-change", problem=f"there is no change {what}", hint=hint))
    group = document.group_of(found)
    return group, list(_notes(session, stack, kept, group, before))


def _notes(
    session: Session, stack: str, kept: Mapping[str, Any], group: Group, before: Mapping[str, Recorded]
) -> Iterator[str]:
    again = f"run edgefleet preview -s {stack} again"
    if kept["files"] != _digest(session.project, stack):
        yield f"the fleet file has changed since that preview; {again}"
    shown = {site["name"]: site["images"] for site in kept["document"]["sites"]}
    for name in group.sites:
        known = before[name].digests if name in before else {}
        old = {node: image["old"] for node, image in shown[name].items() if image["old"] is not None}
        if any(known.get(node) != digest for node, digest in old.items()):
            yield f"the stack has changed since that preview; {again}"
            return


def _kept(session: Session, stack: str) -> dict[str, Any] | None:
    data = disk.read(_file(session, stack))
    try:
        kept = None if data is None else json.loads(data)
    except ValueError:
        return None
    return kept if isinstance(kept, dict) and {"files", "document"} <= kept.keys() else None


def _file(session: Session, stack: str) -> Path:
    return session.project / ".edgefleet" / "previews" / f"{stack}.json"


def _digest(project: Path, stack: str) -> str:
    """SHA-256 of the fleet file, its lock and all tables beside it."""
    digest = hashlib.sha256()
    for file in sorted((project / FOLDER).iterdir()):
        if file.is_file() and (file.name.startswith(f"{stack}.") or file.suffix == ".csv"):
            digest.update(f"{file.name}\0{disk.sha256(file)}\n".encode())
    return digest.hexdigest()
