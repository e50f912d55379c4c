"""Waiting for the cloud, with growing pauses and an end."""

from collections.abc import Callable
from typing import TypeVar

from edgefleet.errors import EdgefleetError, OutsideFailure, Problem
from edgefleet.io.aws import error_code
from edgefleet.io.clock import Clock

T = TypeVar("T")

PATIENCE = 600.0
"""Seconds that something may take to become ready, by default."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
"""Seconds between two looks: the first pause, and the one that doubling stops at."""
IN_USE = frozenset(
    {
        "DependencyViolation",
        "DeleteConflict",
        "ResourceInUse",
        "ResourceInUseException",
        "InvalidGroup.InUse",
        "IncorrectState",
        "OperationAborted",
        "InvalidIPAddress.InUse",
        "AuthFailure.InUse",
    }
)
"""Error codes while the resource to remove is still in use."""


def until(look: Callable[[], T | None], clock: Clock, *, what: str, patience: float = PATIENCE) -> T:
    """The first result of `look` that is not None.

    Args:
        look: asks once; it runs at once, so that nothing is waited for that is ready.
        clock: where time comes from.
        what: for the message, ``NatGateway hub: available``.
        patience: seconds.

    Raises:
        OutsideFailure: it did not come about in time.
    """
    end, pause = clock.monotonic() + patience, FIRST_PAUSE
    while True:
        found = look()
        if found is not None:
            return found
        if clock.monotonic() >= end:
            problem = f"has not come about within {patience:g} s"
            hint = "check in the AWS console what it is waiting for, then run up again to resume"
            raise OutsideFailure(Problem(code="timeout", where=what, problem=problem, hint=hint))
        clock.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def while_in_use(
    remove: Callable[[], T],
    clock: Clock,
    *,
    users: Callable[[], list[str]] = list,
    codes: frozenset[str] = IN_USE,
    patience: float = 120.0,
) -> T:
    """Call `remove` until the resource is no longer in use; AWS notices removed users late.

    Args:
        remove: the call that is refused while in use.
        clock: where time comes from.
        users: its remaining users, for the message; called only in the end.
        codes: the answers that mean: in use.
        patience: seconds.

    Raises:
        OutsideFailure: it is still in use; those that use it are named.
    """
    end, pause = clock.monotonic() + patience, FIRST_PAUSE
    while True:
        try:
            return remove()
        except EdgefleetError as error:
            if error_code(error) not in codes:
                raise
            if clock.monotonic() >= end:
                raise _in_use(error, users()) from error
        clock.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _in_use(error: EdgefleetError, users: list[str]) -> OutsideFailure:
    named = ", ".join(users) or "something that AWS does not name"
    problem = f"cannot be removed: still used by {named}"
    hint = "remove that first, or import it into the stack, and run again"
    return OutsideFailure(Problem(code="in-use", where=error.problem.where, problem=problem, hint=hint))
