"""Printing: lines that are never wrapped by the console, problems, and questions."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from rich.text import Text

from edgefleet.commands.session import Session
from edgefleet.errors import Problem
from edgefleet.report import problems
from edgefleet.report.layout import wrapped

LONGEST_LINE = 64 * 1024
"""Characters read of a source line; the rest could not be shown anyway."""


def show(session: Session, lines: Iterable[Text | str]) -> None:
    """Print results."""
    for line in lines:
        session.out.print(line, soft_wrap=True, markup=False, highlight=False)


def remark(session: Session, sentence: Text | str) -> None:
    """Print a remark beside the results."""
    lines = wrapped(session.err.worded(sentence)) if isinstance(sentence, str) else [sentence]
    for line in lines:
        session.err.print(line, soft_wrap=True, markup=False, highlight=False)


def show_problems(session: Session, found: Iterable[Problem]) -> None:
    """Print problems with the source lines that they are about."""
    worded = (replace(problem, hint=session.err.worded(problem.hint)) for problem in found)
    for line in problems.lines(worded, lambda file, number: source_line(session.project / file, number)):
        remark(session, line)


def source_line(file: Path, number: int) -> str | None:
    """Line `number` (from 1) of `file`; `None` where it cannot be read as text."""
    try:
        if not file.is_file():
            return None
        with file.open(encoding="utf-8", errors="replace") as lines:  # which end as those of a table
            line = next(islice(lines, number - 1, None), None)
    except OSError:
        return None
    return None if line is None else line[:LONGEST_LINE].rstrip("\n")


def agrees(session: Session, question: str) -> bool:
    """Ask; anything but yes is no."""
    session.err.print(f"{question} [y/N] ", end="", markup=False, highlight=False)
    return session.stdin.readline().strip().lower() in {"y", "yes"}
