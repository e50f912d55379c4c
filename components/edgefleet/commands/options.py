"""Options that several commands share, said once."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands.session import EngineName

Stack = Annotated[str, typer.Option("-s", "--stack", metavar="STACK", help="The stack, one per region.")]
WantedEngine = Annotated[
    EngineName,
    typer.Option("--engine", help="The Pulumi CLI, or the embedded engine; auto takes the CLI where it is."),
]
Targets = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="SITE", help="Only these sites; may be given several times."),
]
Json = Annotated[
    Path | None,
    typer.Option(
        "--json", metavar="FILE", help="Write what is shown as JSON; - is stdout, then without text."
    ),
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]
All = Annotated[bool, typer.Option("--all", help="Name every site, with whole digests.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Look at what is really there first.")]
Parallel = Annotated[
    int, typer.Option("-p", "--parallel", min=1, max=256, help="Resources worked on at the same time.")
]
ClearPending = Annotated[
    bool,
    typer.Option(
        "--clear-pending-creates",
        help="Forget creations that an earlier run left unfinished, once you have looked outside for them.",
    ),
]
