"""The embedded engine's errors as edgefleet's: the same problems, with edgefleet's commands in the hints."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Final

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem, Refused
from pulumi_embedded import errors as embedded
from pulumi_embedded.project import CLI_HINT

_FAMILY: Final[Mapping[type[embedded.EngineError], type[EdgefleetError]]] = {
    embedded.InvalidInput: InvalidInput,
    embedded.OutsideFailure: OutsideFailure,
    embedded.Refused: Refused,
}
_HINTS: Final = {
    "no-stack": "create it with `edgefleet init -s {stack}` or `pulumi stack init {stack}`",
    "no-project": "run this in a project's folder, or create one with `edgefleet new`",
    "journal-version": "finish that run with the version of edgefleet that began it",
    "journal-damaged": "restore the file; if it is lost, remove it, run `edgefleet refresh -s {stack}`, and "
    "look in the cloud for what that run created after this line",
}
"""Code of a problem -> the hint that names edgefleet's command."""


@contextmanager
def translated(stack: str) -> Iterator[None]:
    """Raise the embedded engine's errors as edgefleet's; hints name commands with `stack`.

    Raises:
        EdgefleetError: in place of an `EngineError`.
    """
    try:
        yield
    except embedded.EngineError as error:
        problems = [_translate(problem, stack) for problem in error.problems]
        raise _FAMILY[type(error)](problems) from error


def _translate(problem: embedded.Problem, stack: str) -> Problem:
    values = {field.name: getattr(problem, field.name) for field in fields(problem)}
    if problem.code in _HINTS:
        values["hint"] = _HINTS[problem.code].format(stack=stack)
    elif problem.hint == CLI_HINT:
        values["hint"] = f"{CLI_HINT} (`--engine pulumi`)"
    return Problem(**values)
