"""Waiting for the cloud, with growing pauses and an end."""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from edgefleet.errors import EdgefleetError, OutsideFailure
from edgefleet.io.aws import error_code, error_message
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
UNKNOWN_FOR = 120.0
"""Seconds that a new role may take to become known to all services, by default."""
_ROLE = (
    r"\brole(arn)?\b.*(does not exist|cannot be found|not found|could not be assumed|invalid|not valid)"
    r"|error in role params|role doesn't have|iam role's policy must include|service principals.*trust"
)
_UNKNOWN_YET: tuple[tuple[str, str], ...] = (
    ("MalformedPolicy(Document(Exception)?)?", "invalid principal"),
    ("NoSuchEntity", r"\brole\b|instance profile"),
    ("Invalid(Parameter(Value)?|Request)Exception", _ROLE),
    ("InvalidParameterValue", "iam instance profile"),
    (r"Invalid\w+\.NotFound", ""),
)
"""(pattern of AWS's code, of its message): what it names is not known to this service, yet or at all.

IAM and EC2 answer before all of AWS knows what they created (IAM User Guide, "Changes that I make are not
always immediately visible"; EC2 Developer Guide, "Eventual consistency").
"""


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
    for _ in _pauses(clock, patience):
        found = look()
        if found is not None:
            return found
    problem = f"has not come about within {patience:.0f} s"
    hint = "check in the AWS console what it is waiting for, then run up again to resume"
    raise OutsideFailure.at(what, "timeout", problem, hint)


def until_known(act: Callable[[], T], clock: Clock, *, patience: float = UNKNOWN_FOR) -> T:
    """Call `act` until AWS knows what it names, such as a role that was created a moment ago.

    Args:
        act: the call; a refused one has no effect.
        clock: where time comes from.
        patience: seconds.

    Raises:
        OutsideFailure: AWS still does not know it.
    """
    refusal: EdgefleetError | None = None
    for _ in _pauses(clock, patience):
        try:
            return act()
        except EdgefleetError as error:
            if not is_unknown_yet(error):
                raise
            refusal = error
    first = refusal.problem if refusal else None
    problem = f"{first.problem if first else ''}, for {patience:.0f} s"
    hint = "create or correct the role or resource that it names, then run up again"
    raise OutsideFailure.at(first.where if first else "", "unknown-name", problem, hint) from refusal


def is_unknown_yet(error: EdgefleetError) -> bool:
    """Whether AWS does not know something that a call names, yet or at all."""
    code, message = error_code(error), error_message(error)
    return any(
        re.fullmatch(codes, code) and re.search(words, message, re.IGNORECASE)
        for codes, words in _UNKNOWN_YET
    )


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
    refusal: EdgefleetError | None = None
    for _ in _pauses(clock, patience):
        try:
            return remove()
        except EdgefleetError as error:
            if error_code(error) not in codes:
                raise
            refusal = error
    problem = f"cannot be removed: still used by {', '.join(users()) or 'something that AWS does not name'}"
    hint = "remove that first, or import it into the stack, and run again"
    where = refusal.problem.where if refusal else ""
    raise OutsideFailure.at(where, "in-use", problem, hint) from refusal


def _pauses(clock: Clock, patience: float) -> Iterator[None]:
    """Goes on at once, then after growing pauses, until `patience` seconds are over."""
    end, pause = clock.monotonic() + patience, FIRST_PAUSE
    yield
    while clock.monotonic() < end:
        clock.sleep(max(0.0, min(pause, end - clock.monotonic())))
        pause = min(2 * pause, LONGEST_PAUSE)
        yield
