"""Whether command lines in objects and documents are ones that the program has."""

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from edgefleet.commands.registry import application


def parsed(words: Sequence[str]) -> str:
    """The name of the command, ``rollout step``, whose options and arguments all exist and fit.

    Another command line is an error of the parser, which names what is wrong.
    """
    program, *rest = words
    assert "edgefleet" == program
    command: Any = application()
    context = typer.Context(command)
    names: list[str] = []
    while isinstance(command, TyperGroup):
        name, command, rest = command.resolve_command(context, rest)
        names.append(name or "")
        context = typer.Context(command, parent=context)
    command.make_context(names[-1], [*rest], parent=context)
    return " ".join(names)
