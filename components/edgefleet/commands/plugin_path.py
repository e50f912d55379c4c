"""`edgefleet plugin-path`: the folder that Pulumi.yaml names under ``plugins.providers``."""

import typer

from edgefleet.commands.screen import show
from edgefleet.commands.session import session_of
from edgefleet.provider import plugin_path


def command(context: typer.Context) -> None:
    """Print the folder of the provider plugin, for Pulumi.yaml."""
    show(session_of(context), [str(plugin_path())])
