"""Errors that come through an engine, as problems again.

On the way through Pulumi's protocol a problem becomes one line, ``where: path: problem; hint``. Parsed again,
equal causes at a thousand sites are reported once.
"""

import re
from collections.abc import Iterable, Iterator

from edgefleet.errors import Problem
from edgefleet.model.steps import Diagnostic

STACK = "pulumi:pulumi:Stack"
WHERE = re.compile(r"(?:[\w+.-]*:)?[^\s:\[\"]*/[^\s:\[\"]*(?::\d+){0,2}|[^\s:\[\"]+(?::\d+){1,2}")
"""A file with or without a line, or the address of something stored."""
PATH = re.compile(r"[\w-]+(?:[.\[][^\s:]*)+")


INPUT = re.compile(
    r"duplicate resource urn|edgefleet has no resource "
    r"|property '?[\w.\[\]-]+'?(?: with value .*)?(?: has a problem)?: ",
    re.IGNORECASE | re.DOTALL,
)
"""An engine's messages about wrong input of the program: a duplicate name, an unknown type, a value that the
provider does not accept."""


def code_of(message: str) -> str:
    """``input`` where the user's input is at fault, else ``engine``."""
    return "input" if INPUT.search(message) else "engine"


def problems(diagnostics: Iterable[Diagnostic]) -> Iterator[Problem]:
    """The problems in the errors among `diagnostics`; an engine's own message stays as it is.

    For a partly created resource, an engine repeats the failures as a list below the error.
    """
    reported: set[Problem] = set()
    for diagnostic in diagnostics:
        message = diagnostic.message.strip()
        if diagnostic.severity == "error" and message:
            name = _resource(diagnostic)
            causes = [_problem(line.removeprefix("* "), name) for line in message.splitlines()]
            if all(problem.hint for problem in causes):
                yield from (problem for problem in dict.fromkeys(causes) if problem not in reported)
                reported.update(causes)
            else:
                yield Problem(code=code_of(message), path=name, problem=message, hint="")


def _resource(diagnostic: Diagnostic) -> str:
    """Name of the resource that an error is about; empty for the stack itself."""
    return "" if STACK in diagnostic.urn else diagnostic.urn.rsplit("::", 1)[-1]


def _problem(line: str, name: str) -> Problem:
    where, path = "", ""
    head, colon, rest = line.partition(": ")
    if colon and WHERE.fullmatch(head):
        where, line = head, rest
    head, colon, rest = line.partition(": ")
    if colon and PATH.fullmatch(head):
        path, line = head, rest
    text, _, hint = line.rpartition("; ")
    return Problem(
        code=code_of(line), where=where, path=path or name, problem=text or hint, hint=hint if text else ""
    )
