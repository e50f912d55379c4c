"""Running a command on a machine through Systems Manager: no SSH, no open port, the cloud's own rights."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from edgefleet.errors import OutsideFailure
from edgefleet.io.aws import error_code
from edgefleet.io.environment import Environment
from edgefleet.io.waiting import until

PENDING = frozenset({"Pending", "InProgress", "Delayed"})
NOT_THERE = frozenset({"InvalidInstanceId", "InvocationDoesNotExist"})
"""Error codes while the agent of a machine has not registered yet, or has not seen the command."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended."""

    is_done: bool
    """Whether it ended with 0."""
    output: str
    error: str


def run(
    instance: str, command: Sequence[str], environment: Environment, *, patience: float = 120.0
) -> Ran | None:
    """Run a command as root on `instance`; None where its agent does not answer (yet).

    Args:
        instance: id of the machine.
        command: its words; a shell on the machine gets each as one word, whatever is in it.
        environment: the environment.
        patience: seconds that it may take.

    Raises:
        OutsideFailure: it could not be reached, or does not end.
    """
    aws, place = environment.aws, f"{instance}: {command[0]}"
    try:
        about = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": [shlex.join(command)]}}
        limit = max(30, int(patience))
        sent = aws.call("ssm", "send_command", place, InstanceIds=[instance], TimeoutSeconds=limit, **about)
    except OutsideFailure as error:
        if error_code(error) in NOT_THERE:
            return None
        raise
    identity = sent["Command"]["CommandId"]

    def look() -> Ran | None:
        try:
            answer = aws.call("ssm", "get_command_invocation", place, CommandId=identity, InstanceId=instance)
        except OutsideFailure as error:
            if error_code(error) in NOT_THERE:
                return None
            raise
        if answer["Status"] in PENDING:
            return None
        errors = answer.get("StandardErrorContent", "").strip()
        return Ran(answer["Status"] == "Success", answer.get("StandardOutputContent", ""), errors)

    return until(look, environment.clock, what=f"{place}: ended", patience=patience)


def failed(ran: Ran, where: str, task: str) -> OutsideFailure:
    """The error of a command that did not do what it should."""
    reason = ran.error.splitlines()[-1] if ran.error else "it printed nothing"
    hint = "look at the server with `aws ssm start-session --target <instance>`, then run up again"
    problem = f"{task} failed: {reason}"
    return OutsideFailure.at(where, "command", problem, hint)
