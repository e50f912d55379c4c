"""Errors of a program without a traceback: Pulumi shows a `RunError` as its message."""

from collections.abc import Iterator
from contextlib import contextmanager

import pulumi

from edgefleet.errors import EdgefleetError, Problem


class ProgramError(pulumi.RunError):
    """An error of edgefleet inside a Pulumi program; the embedded engine reports its problems as they are."""

    def __init__(self, error: EdgefleetError) -> None:
        super().__init__(str(error))
        self.problems: tuple[Problem, ...] = error.problems


@contextmanager
def plainly() -> Iterator[None]:
    """Turn edgefleet's errors inside the block into a `ProgramError`."""
    try:
        yield
    except EdgefleetError as error:
        raise ProgramError(error) from error
