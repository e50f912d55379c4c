"""The one error family: what a person reads, and the exit code that goes with it.

Every message says where, what is wrong and what to do. All problems of one input are collected and
reported at once, so an error carries a tuple of problems, never just the first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self


def without_login(text: str) -> str:
    """`text` with ``...`` in place of user and password of each address in it."""
    return re.sub(r"//[^/]*@", "//...@", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, with its location and a fix."""

    problem: str
    """What is wrong, without a final full stop: ``10.1.0.4/24 is already store-0003's``."""
    hint: str
    """What to do: ``give each node its own address``."""
    where: str = ""
    """``file:line:column`` (both from 1), a file, or empty where there is no such place."""
    path: str = ""
    """Dotted path of the value, ``sites.store-0007.network.address``; empty where there is none."""
    code: str = "invalid"
    """A short stable word for programs and searches: ``unknown-key``, ``duplicate-address``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", without_login(self.path))  # a key can be an address, by mistake

    @classmethod
    def of_value(cls, path: str, code: str, problem: str, hint: str) -> "Problem":
        """A problem of the value at `path` of a spec; the caller adds the position."""
        return cls(path=path, code=code, problem=problem, hint=hint)

    def repeated(self, more: int) -> "Problem":
        """The same with the number of `more` places that it concerns: one cause is one error."""
        return replace(self, problem=f"{self.problem} (and so for {more:,} more)") if more else self

    def __str__(self) -> str:
        """One line: ``where: path: problem; hint``."""
        return ": ".join(filter(None, (self.where, self.path, self.problem))) + f"; {self.hint}"


class EdgefleetError(Exception):
    """Base of everything edgefleet raises on purpose; `exit_code` is the process's."""

    exit_code = 2

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def at(cls, where: object, code: str, problem: str, hint: str, *, path: str = "") -> Self:
        """An error of one problem; see `Problem`."""
        return cls(Problem(code=code, where=str(where), path=path, problem=problem, hint=hint))

    @property
    def problem(self) -> Problem:
        """The first problem."""
        return self.problems[0]


class InvalidInput(EdgefleetError):  # noqa: N818 - names say what happened, as DESIGN has them
    """The user's input is at fault (exit code 1)."""

    exit_code = 1


class OutsideFailure(EdgefleetError):  # noqa: N818 - the same
    """Something outside failed: a disk, a cloud, a program (exit code 2)."""

    exit_code = 2


class Refused(EdgefleetError):  # noqa: N818 - the same
    """A guard refused to go on (exit code 3)."""

    exit_code = 3
