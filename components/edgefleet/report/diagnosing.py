"""Errors that come through an engine, as problems again.

On the way through Pulumi's protocol a problem becomes one line, ``where: path: problem; what to do``. Taken
apart again, equal causes at a thousand sites can be told once.
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
"""What an engine says where the program's input is at fault: two names alike, an unknown type, a value that
the provider does not take."""


def code_of(message: str) -> str:
    """``input`` where the user's input is at fault, else ``engine``."""
    return "input" if INPUT.search(message) else "engine"


def problems(diagnostics: Iterable[Diagnostic]) -> Iterator[Problem]:
    """The problems in the errors among `diagnostics`; what is no problem of ours stays in its own words.

    Of a resource that is there in part, an engine repeats what failed as a list below the failure.
    """
    told: set[Problem] = set()
    for each in diagnostics:
        message = each.message.strip()
        if each.severity == "error" and message:
            name = _resource(each)
            found = [_problem(line.removeprefix("* "), name) for line in message.splitlines()]
            if all(problem.hint for problem in found):
                yield from (problem for problem in dict.fromkeys(found) if problem not in told)
                told.update(found)
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
    what, _, hint = line.rpartition("; ")
    return Problem(
        code=code_of(line), where=where, path=path or name, problem=what or hint, hint=hint if what else ""
    )
