"""`edgefleet import-config`: parts of a fleet file from configuration files of other tools."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands.screen import show
from edgefleet.commands.session import session_of
from edgefleet.fleetfile.imports.importing import imported


def command(
    context: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A k3s config.yaml or registries.yaml, a netplan file, an inventory of k3s-ansible, or a"
            " definition of Edge Image Builder or its folder.",
        ),
    ],
    *,
    site: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the site that it describes.")
    ] = "imported",
) -> None:
    """Turn another tool's files into parts of a fleet file."""
    session = session_of(context)
    show(session, [imported(session.project / path, str(path), site).rstrip("\n")])
