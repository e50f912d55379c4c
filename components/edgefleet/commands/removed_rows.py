"""Where the rows of sites stood that are gone: looked up in the project's last commit, if it has one.

The fleet file does not have them any more and the state never knew lines, so git's history is read;
without it, or where the removal is committed already, the place stays unsaid.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from edgefleet.commands.session import Session
from edgefleet.commands.stack import FOLDER, SUFFIX
from edgefleet.errors import OutsideFailure
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io import processes

ROW = re.compile(r"""(?:\s*-\s*name\s*:\s*|\s+)?["']?([a-z0-9][a-z0-9-]{0,62})["']?\s*(?:[:,]|$)""")
"""A line that begins with a name: a key of ``sites``, an item's ``name``, or a table's first cell."""
PATIENCE = 10
"""Seconds for git to answer."""


def stood(session: Session, fleet: Fleet | None, lost: Collection[str]) -> dict[str, str]:
    """dict[site of `lost` -> ``was stacks/eu.csv:88``], for the rows that the last commit has."""
    if fleet is None or not lost:
        return {}
    places: dict[str, str] = {}
    for file in _files(session.project):
        for number, line in enumerate(_committed(session.project, file).splitlines(), start=1):
            row = ROW.match(line)
            if row is not None and row[1] in lost:
                places.setdefault(row[1], f"was {file}:{number}")
    return places


def _files(project: Path) -> Iterator[str]:
    """Fleet files and tables of the last commit."""
    names = _git(project, "ls-tree", "--name-only", "HEAD", f"{FOLDER}/").splitlines()
    return (name for name in names if name.endswith((SUFFIX, ".csv")))


def _committed(project: Path, file: str) -> str:
    return _git(project, "show", f"HEAD:./{file}")


def _git(project: Path, *arguments: str) -> str:
    try:
        done = processes.run(["git", *arguments], cwd=project, timeout=PATIENCE)
    except OutsideFailure:
        return ""
    return done.output.decode("utf-8", "replace") if done.status == 0 else ""
