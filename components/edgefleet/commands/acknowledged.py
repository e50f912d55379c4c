"""What was said to be on the boxes, kept beside the images."""

from collections.abc import Iterable

from edgefleet.commands.emulated_cloud import opened
from edgefleet.commands.session import Session
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.site import ledger


def read(session: Session, fleet: Fleet) -> dict[str, dict[str, str]]:
    """dict[site -> dict[node -> digest]]."""
    found = ledger.read(opened(session, fleet))
    return {site: {node: said.digest for node, said in nodes.items()} for site, nodes in found.items()}


def write(session: Session, fleet: Fleet, said: dict[str, dict[str, str]]) -> None:
    """Add `said` (dict[site -> dict[node -> digest]]) to what is known."""
    ledger.acknowledge(opened(session, fleet), said, clock=session.now)


def forget(session: Session, fleet: Fleet, sites: Iterable[str]) -> None:
    """Drop what was said about sites that are gone."""
    ledger.forget(opened(session, fleet), sites)


def remove(session: Session, fleet: Fleet) -> None:
    """Leave nothing of it: no box is known any more."""
    ledger.remove(opened(session, fleet))
