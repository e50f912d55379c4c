"""`edgefleet rollout simulate`: play a rollout over a model of the fleet; it reads the fleet file alone."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import options
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.screen import show
from edgefleet.commands.session import session_of
from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.load import load_fleet
from edgefleet.model.quantities import parse_size
from edgefleet.report import rollout_timeline
from edgefleet.rollout.simulation import Settings, simulate


def command(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The fleet file.")],
    *,
    seed: Annotated[int, typer.Option(help="The same seed gives the same outages and failures.")] = 0,
    days: Annotated[int, typer.Option(min=1, max=1000, help="How long at most.")] = 60,
    fail: Annotated[
        float, typer.Option(metavar="RATE", min=0, max=1, help="Share of sites at which the release fails.")
    ] = 0.0,
    size: Annotated[
        str, typer.Option("--bytes", metavar="SIZE", help="What each site downloads, such as 200M.")
    ] = "50M",
    start: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="When it starts, in UTC; default: now."),
    ] = None,
    json: options.Json = None,
) -> None:
    """Play a rollout over a model of the fleet.

    It shows when each wave ends, which sites fail or stay open, and the bytes that they download.
    """
    session = session_of(context)
    place = JsonFile.to(session, json)
    begin = session.now() if start is None else start.replace(tzinfo=session.now().tzinfo)
    settings = Settings(
        seed=seed, days=days, fail=fail, size=_bytes(size), start=int(begin.timestamp()) // 60 * 60
    )
    fleet = load_fleet(session.project / file, session.project)
    result = simulate(fleet, settings)
    place.write(rollout_timeline.document(result, fleet.name, fleet.region))
    if not place.is_stdout:
        show(session, rollout_timeline.lines(result, f"{fleet.name} / {fleet.region}"))


def _bytes(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError as error:
        hint = "write a quantity such as 200M, or 1.5Gi"
        raise InvalidInput.at("", "bad-size", f"{text!r} is not a size", hint, path="--bytes") from error
