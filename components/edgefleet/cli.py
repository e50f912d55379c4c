"""The `edgefleet` command: runs one command and turns whatever ends it into words and an exit code.

0 done, 1 the user's input is at fault, 2 something outside failed, 3 a guard refused; with
`--detailed-exitcode` 2 means changes, and any failure is 1. As shells have it,
130 after Ctrl-C or a declined question and 141 when the reader of a pipe went away.
"""

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import typer

from edgefleet.commands.registry import application
from edgefleet.commands.screen import remark, show_problems
from edgefleet.commands.session import DETAILED, Session
from edgefleet.errors import EdgefleetError, Problem

DONE, BAD_INPUT, OUTSIDE, CANCELLED, READER_GONE = 0, 1, 2, 130, 141


def main() -> None:
    """Run the command line of this process."""
    if "_EDGEFLEET_COMPLETE" in os.environ:
        application()(prog_name="edgefleet")
    # A run makes millions of objects that live to its end: looking for garbage among them as often as the
    # default asks for took a quarter of a preview's time, and freed nothing (peak memory was the same).
    gc.set_threshold(50_000, 20, 50)
    code = run(sys.argv[1:])
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.exit(code)
    _forget_output()
    sys.exit(READER_GONE)


def run(arguments: Sequence[str], session: Session | None = None) -> int:
    """Run one command line and return its exit code; `session` is its world, this process's by default."""
    world = session or Session.of_process()
    try:
        return _invoke(arguments, world)
    except EdgefleetError as error:
        show_problems(world, error.problems)
        return _failure(error.exit_code, arguments)
    except (KeyboardInterrupt, typer.Abort):
        world.err.print("\ncancelled" if world.is_animated else "cancelled")
        return CANCELLED
    except BrokenPipeError:
        _forget_output()
        return READER_GONE
    except Exception as error:  # noqa: BLE001 - the last resort: a defect of ours is one line, not a traceback
        _report_defect(error, world)
        return _failure(OUTSIDE, arguments)


def _failure(code: int, arguments: Sequence[str]) -> int:
    """The exit code of a failure; 2 means changes where the user asks for that."""
    return BAD_INPUT if code == OUTSIDE and DETAILED in arguments else code


def _report_defect(error: Exception, world: Session) -> None:
    if world.environment.get("EDGEFLEET_TRACEBACK"):
        raise error
    # The error's text may hold a secret; its type and place are ours.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    problem = Problem(
        code="defect",
        problem=f"edgefleet itself failed: {type(error).__name__} at {place}",
        hint="run again with EDGEFLEET_TRACEBACK=1 and report the output, after removing any secret from it",
    )
    show_problems(world, [problem])


def _invoke(arguments: Sequence[str], world: Session) -> int:
    command = application()
    try:
        with command.make_context("edgefleet", [*arguments], obj=world) as context:
            command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.TyperException as error:
        _misspelt(error, world)
        return BAD_INPUT
    return DONE


def _misspelt(error: typer.TyperException, world: Session) -> None:
    formatted = getattr(error, "format_message", None)
    remark(world, f"error: {formatted() if formatted is not None else error}")
    remark(world, "  help: edgefleet --help lists the commands, edgefleet COMMAND --help its options")


def _forget_output() -> None:
    """Point stdout nowhere, so that the interpreter's last flush has nothing to complain about."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    main()
