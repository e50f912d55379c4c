"""`edgefleet advise`: which runtime and which hub suit a fleet, with what each would cost."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.choosing.advice import hub_advice, of_fleet
from edgefleet.choosing.figures import figures
from edgefleet.commands import options
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.screen import show
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import FOLDER, SUFFIX, nearest, stacks
from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.report import advice, advice_document
from edgefleet.workloads import KINDS


def command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The fleet file.")],
    site: Annotated[str | None, typer.Argument(metavar="[SITE]", help="One site, with all figures.")] = None,
    *,
    kinds: Annotated[
        str, typer.Option("--for", metavar="KIND,KIND", help="Kinds of workloads that are to run there, too.")
    ] = "",
    json: options.Json = None,
) -> None:
    """Recommend runtimes and hub for a fleet, with figures."""
    session = session_of(context)
    asked = _kinds(kinds)
    fleet = _fleet(session, file)
    if site is not None and site not in fleet.sites:
        raise InvalidInput.at(file, "unknown-site", f"there is no site {site!r}", nearest(site, fleet.sites))
    place = JsonFile.to(session, json)
    known, hub = figures(), hub_advice(fleet, figures())
    groups = of_fleet(fleet, known, fleet.sites if site is None else [site], asked)
    name = f"{fleet.name} / {fleet.region}"
    place.write(advice_document.document(name, hub, groups, known))
    if not place.is_stdout:
        show(session, advice.of_site(groups[0], known) if site else advice.of_fleet(name, hub, groups, known))


def _kinds(written: str) -> tuple[str, ...]:
    kinds = tuple(filter(None, (kind.strip() for kind in written.split(","))))
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        problem = f"there is no kind {unknown[0]!r} of workloads"
        raise InvalidInput.at("--for", "unknown-kind", problem, nearest(unknown[0], KINDS))
    return kinds


def _fleet(session: Session, file: Path) -> Fleet:
    """The fleet of a file; the name of a stack in its place is a frequent error."""
    if str(file) in stacks(session.project):
        problem = f"{file} is a stack, and advise reads the fleet file of one"
        raise InvalidInput.at(file, "no-file", problem, f"edgefleet advise {FOLDER}/{file}{SUFFIX}")
    return load_fleet(session.project / file, session.project)
