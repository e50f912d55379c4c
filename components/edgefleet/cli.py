"""The `edgefleet` command: runs one command and turns whatever ends it into words and an exit code.

0 done, 1 the user's input is at fault, 2 something outside failed, 3 a guard refused; as shells have it,
130 after Ctrl-C or a declined question and 141 when the reader of a pipe went away.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import typer

from edgefleet.commands.registry import application
from edgefleet.commands.screen import show_problems
from edgefleet.commands.session import Session
from edgefleet.errors import EdgefleetError

DONE, BAD_INPUT, OUTSIDE, REFUSED, CANCELLED, READER_GONE = 0, 1, 2, 3, 130, 141


def main() -> None:
    """Run the command line of this process."""
    if "_EDGEFLEET_COMPLETE" in os.environ:
        application()(prog_name="edgefleet")
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
        return error.exit_code
    except typer.Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, typer.Abort):
        world.err.print("cancelled")
        return CANCELLED
    except BrokenPipeError:
        _forget_output()
        return READER_GONE
    except typer.TyperException as error:
        world.err.print(f"error: {_message(error)}", highlight=False, markup=False, soft_wrap=True)
        world.err.print("  help: edgefleet --help lists the commands, edgefleet COMMAND --help its options")
        return BAD_INPUT


def _invoke(arguments: Sequence[str], world: Session) -> int:
    command = typer.main.get_command(application())
    with command.make_context("edgefleet", [*arguments], obj=world) as context:
        command.invoke(context)
    return DONE


def _message(error: typer.TyperException) -> str:
    formatted = getattr(error, "format_message", None)
    return str(formatted()) if formatted is not None else str(error)


def _forget_output() -> None:
    """Point stdout nowhere, so that the interpreter's last flush has nothing to complain about."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    main()
