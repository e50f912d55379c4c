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
from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.io import disk
from edgefleet.report import document
from edgefleet.report.plan_view import Group, View


def keep(session: Session, view: View) -> None:
    """Keep what a preview shows; a project that is not writable loses only the numbers."""
    if view.result != "succeeded":
        return
    preview = {"files": _digest(session.project, view.stack), "document": document.document(view)}
    try:
        disk.write(session.writable(_file(view.stack)), json.dumps(preview).encode(), is_flushed=False)
    except OutsideFailure:
        forget(session, view.stack)


def forget(session: Session, stack: str) -> None:
    """Remove it: the stack is being changed."""
    try:
        disk.remove(session.place(_file(stack)))
    except OutsideFailure:
        return


def change(
    session: Session, stack: str, label: str, before: Mapping[str, Recorded]
) -> tuple[Group, list[str]]:
    """The change that the last preview showed as `label` (``#1``), and notes on what is different by now.

    Raises:
        InvalidInput: there is no preview, or it showed no such change.
    """
    preview = _kept(session, stack)
    groups = [] if preview is None else preview["document"]["groups"]
    number = int(label[1:]) if label[1:].isdecimal() else 0
    plain = next((group for group in groups if group["number"] == number), None)
    if preview is None or plain is None:
        if preview is None:
            reason = "no preview has been shown since the stack was last changed"
        else:
            reason = f"the last preview showed #1 to #{len(groups)}" if groups else "no change is planned"
        hint = f"{reason}: edgefleet preview -s {stack}"
        raise InvalidInput.at("", "unknown-change", f"there is no change {label}", hint)
    group = document.group_of(plain)
    return group, list(_notes(session, stack, preview, group, before))


def _notes(
    session: Session, stack: str, preview: Mapping[str, Any], group: Group, before: Mapping[str, Recorded]
) -> Iterator[str]:
    again = f"run edgefleet preview -s {stack} again"
    if preview["files"] != _digest(session.project, stack):
        yield f"the fleet file has changed since that preview; {again}"
    shown = {site["name"]: site["images"] for site in preview["document"]["sites"]}
    for name in group.sites:
        known = before[name].digests if name in before else {}
        old = {node: image["old"] for node, image in shown[name].items() if image["old"] is not None}
        if any(known.get(node) != digest for node, digest in old.items()):
            yield f"the stack has changed since that preview; {again}"
            return


def _kept(session: Session, stack: str) -> dict[str, Any] | None:
    data = disk.read(session.place(_file(stack)))
    try:
        preview = None if data is None else json.loads(data)
    except ValueError:
        return None
    return preview if isinstance(preview, dict) and {"files", "document"} <= preview.keys() else None


def _file(stack: str) -> str:
    return f".edgefleet/previews/{stack}.json"


def _digest(project: Path, stack: str) -> str:
    """SHA-256 of the fleet file, its lock and all tables beside it."""
    digest = hashlib.sha256()
    for file in sorted((project / FOLDER).iterdir()):
        if file.is_file() and (file.name.startswith(f"{stack}.") or file.suffix == ".csv"):
            digest.update(f"{file.name}\0{disk.sha256(file)}\n".encode())
    return digest.hexdigest()
