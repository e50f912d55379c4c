"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands.session import DETAILED, EngineName

Stack = Annotated[str, typer.Option("-s", "--stack", metavar="STACK", help="The stack, one per region.")]
WantedEngine = Annotated[
    EngineName,
    typer.Option(
        "--engine", help="The Pulumi CLI, or the embedded engine; auto uses the CLI if it is installed."
    ),
]
Node = Annotated[
    str | None, typer.Option("--node", metavar="NODE", help="The node, if the site has several.")
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
DetailedExitCode = Annotated[
    bool,
    typer.Option(
        DETAILED, help="Exit with 0 where nothing changes, 2 where something does, and 1 on a failure."
    ),
]
ClearPending = Annotated[
    bool,
    typer.Option(
        "--clear-pending-creates",
        help="Forget unfinished creations of an earlier run; check first that they do not exist.",
    ),
]
