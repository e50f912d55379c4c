"""Which images were acknowledged to be on the nodes, kept beside the images, and which sites wait."""

from collections.abc import Iterable, Mapping

from edgefleet.commands.emulated_cloud import opened
from edgefleet.commands.session import Session
from edgefleet.commands.state_sites import Recorded
from edgefleet.errors import OutsideFailure
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.rollout.pending import Pending, pending
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


def waiting(
    session: Session, fleet: Fleet | None, before: Mapping[str, Recorded]
) -> tuple[tuple[Pending, ...], str]:
    """The sites that wait, and a note where that could not be found out.

    A preview stays useful while the place of the acknowledgements is away.
    """
    if fleet is None or not before:
        return (), ""
    try:
        known = read(session, fleet)
    except OutsideFailure as error:
        return (), f"pending visits are unknown: {error.problem}"
    kept = {name: each for name, each in before.items() if name in fleet.sites}
    desired = {name: each.digests for name, each in kept.items()}
    times = {
        name: dict.fromkeys(each.digests, each.modified)
        for name, each in kept.items()
        if each.modified is not None
    }
    return pending(desired, times, known, {}), ""
