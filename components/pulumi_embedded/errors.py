"""The engine's errors: each reports all problems of one input; the host decides how to show them.

An error ends a run, or prevents it. A step that fails is none: it is a diagnostic and the result ``failed``.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem, its location, and a fix."""

    problem: str
    """The problem, without a final full stop."""
    hint: str
    """The fix."""
    where: str = ""
    """``file``, ``file:line`` or ``file:line:column`` (both from 1); empty if there is no such location."""
    path: str = ""
    """The setting, URN or property; empty if there is none."""
    code: str = "invalid"
    """A short stable word for programs: ``locked``, ``no-stack``."""

    def __str__(self) -> str:
        """One line: ``where: path: problem; hint``."""
        return ": ".join(part for part in (self.where, self.path, self.problem) if part) + f"; {self.hint}"


class EngineError(Exception):
    """Base of every error that the engine raises on purpose."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    @property
    def problem(self) -> Problem:
        """The first problem."""
        return self.problems[0]


class InvalidInput(EngineError):  # noqa: N818 - the name states what happened
    """The project, its configuration, its program or its state is invalid."""


class OutsideFailure(EngineError):  # noqa: N818 - the same
    """Something outside failed: a disk, or the installed SDK."""


class Refused(EngineError):  # noqa: N818 - the same
    """The engine refuses the request: the stack is locked, or uses features that only the CLI handles."""
