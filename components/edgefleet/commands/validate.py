"""`edgefleet validate`: every error of fleet files at once; runs on each save, so nothing heavy here."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands.screen import remark, show
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import fleet_file, stacks
from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.load import load_fleet
from edgefleet.rollout.cautions import cautions
from edgefleet.site.capacity import check_fits, tight


def command(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE...]", help="Fleet files; default: those of all stacks."),
    ] = None,
    *,
    stack: Annotated[
        list[str] | None, typer.Option("-s", "--stack", metavar="STACK", help="The stack; repeatable.")
    ] = None,
) -> None:
    """Check fleet files; exit 0, or 1 with every error."""
    session = session_of(context)
    names = stack or ([] if files else stacks(session.project))
    chosen = [fleet_file(session.project, name).relative_to(session.project) for name in names]
    if not (files or chosen):
        hint = "name a file, or a project with edgefleet -C DIR validate"
        raise InvalidInput.at("stacks/", "no-fleet-file", "there is no fleet file here", hint)
    problems: list[Problem] = []
    for file in (*(files or ()), *chosen):
        problems += _check(session, file)
    if problems:
        raise InvalidInput(problems)


def _check(session: Session, file: Path) -> tuple[Problem, ...]:
    try:
        fleet = load_fleet(session.project / file, session.project)
        check_fits(fleet.sites, fleet.lock, fleet.locate)
    except InvalidInput as error:
        return error.problems
    nodes = sum(len(site.nodes) for site in fleet.sites.values())
    show(
        session,
        [f"{file}: {fleet.name} / {fleet.region}: {len(fleet.sites):,} sites, {nodes:,} nodes, no problems"],
    )
    for note in (*cautions(fleet), *tight(fleet.sites, fleet.lock)):
        remark(session, f"note: {note}")
    return ()
