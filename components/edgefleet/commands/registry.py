"""The commands, one file each; this is their registry, in the order in which `--help` shows them."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import (
    artifacts,
    destroy,
    emulator,
    explain,
    hub,
    image,
    init,
    new,
    plugin_path,
    preview,
    refresh,
    schema,
    sites,
    up,
    validate,
)
from edgefleet.commands.session import enter

COMMANDS = (validate, preview, up, refresh, destroy, explain, init, new, schema, plugin_path)
GROUPS = (sites, image, artifacts, hub, emulator)


def application() -> typer.Typer:
    """The command line, put together."""
    made = typer.Typer(
        name="edgefleet",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_project)
    for module in COMMANDS:
        made.command(module.__name__.rsplit(".", 1)[-1].replace("_", "-"))(module.command)
    for group in GROUPS:
        made.add_typer(group.group(), name=group.__name__.rsplit(".", 1)[-1])
    return made


def _project(
    context: typer.Context,
    directory: Annotated[
        Path | None,
        typer.Option("-C", "--directory", metavar="DIR", help="Project directory; this one by default."),
    ] = None,
) -> None:
    """An edge fleet as code: preview it, bring it up, see what waits at the sites."""
    enter(context, directory)
