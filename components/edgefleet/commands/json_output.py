"""The file of `--json`: checked before anything is done, written whole or not at all."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgefleet.commands.session import Session
from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.io import disk

STDOUT = Path("-")
FOR_ALL = 0o644
"""Mode of the document: it shows no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFile:
    """A place for one JSON document."""

    session: Session
    path: Path | None
    """As given; `None` for nowhere."""

    @classmethod
    def to(cls, session: Session, path: Path | None) -> "JsonFile":
        """The place at `path`.

        Raises:
            InvalidInput: nothing can be written there.
        """
        file = cls(session=session, path=path)
        if path is not None and not file.is_stdout:
            _check(session.project / path, str(path))
        return file

    @property
    def is_stdout(self) -> bool:
        """Whether the document takes the place of the text."""
        return self.path == STDOUT

    def write(self, document: Any) -> None:
        """Write `document`, if there is a place for it.

        Raises:
            OutsideFailure: it cannot be written.
        """
        text = _escaped(json.dumps(document, indent=2, ensure_ascii=False))
        if self.is_stdout:
            self.session.out.file.write(text + "\n")
        elif self.path is not None:
            _write(self.session.writable(self.path), text + "\n", str(self.path))


def _escaped(text: str) -> str:
    """JSON without a character that could steer a terminal; those stand in strings alone."""
    lines = text.split("\n")
    return "\n".join(
        line if line.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)
        for line in lines
    )


def _check(file: Path, named: str) -> None:
    reason = None
    if file.is_dir():
        reason = "is a directory"
    elif not file.parent.is_dir():
        reason = "is in a directory that does not exist"
    elif not os.access(file if file.exists() else file.parent, os.W_OK):
        reason = "cannot be written: permission denied"
    if reason:
        raise InvalidInput.at(named, "json-file", reason, "name a file for --json, or - for stdout")


def _write(file: Path, text: str, named: str) -> None:
    try:
        if file.exists() and not file.is_file():  # a pipe or a device is written, not replaced
            with disk.explaining(file, "cannot be written"):
                file.write_text(text, encoding="utf-8")
            return
        disk.write(file, text.encode(), mode=FOR_ALL)
    except OutsideFailure as error:
        if isinstance(error.__cause__, BrokenPipeError):
            raise error.__cause__ from None
        raise OutsideFailure.at(
            named,
            "json-file",
            f"the JSON {error.problem.problem}",
            "fix that; the run itself is done, edgefleet sites shows its state",
        ) from error
