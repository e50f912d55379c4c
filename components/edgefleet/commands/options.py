"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands.session import EngineName

Stack = Annotated[str, typer.Option("-s", "--stack", metavar="STACK", help="The stack, one per region.")]
WantedEngine = Annotated[
    EngineName,
    typer.Option(
        "--engine", help="The Pulumi CLI, or the embedded engine; auto uses the CLI if it is installed."
    ),
]
Targets = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="SITE", help="Only these sites; repeatable."),
]
Json = Annotated[
    Path | None,
    typer.Option(
        "--json", metavar="FILE", help="Write the output as JSON; - is stdout, in place of the text."
    ),
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask for confirmation.")]
All = Annotated[bool, typer.Option("--all", help="List every site, with whole digests.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Read the real resources first.")]
Parallel = Annotated[
    int,
    typer.Option("-p", "--parallel", min=1, max=256, help="Number of resources to process at the same time."),
]
ClearPending = Annotated[
    bool,
    typer.Option(
        "--clear-pending-creates",
        help="Forget unfinished creations of an earlier run; check first that they do not exist.",
    ),
]
