"""`edgefleet plugin-path`: the folder that Pulumi.yaml names under ``plugins.providers``."""

from pathlib import Path

import typer

from edgefleet.commands.screen import show
from edgefleet.commands.session import session_of


def command(context: typer.Context) -> None:
    """Print the folder of the provider plugin, for Pulumi.yaml."""
    show(session_of(context), [str(folder())])


def folder() -> Path:
    """The plugin's folder inside the installed package."""
    return Path(__file__).resolve().parent.parent / "plugin"
