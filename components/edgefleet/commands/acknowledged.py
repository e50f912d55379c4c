"""Acknowledgements of the images on nodes, kept in the store of images, and which sites wait."""

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
    records = ledger.read(opened(session, fleet))
    return {site: {node: record.digest for node, record in nodes.items()} for site, nodes in records.items()}


def write(session: Session, fleet: Fleet, digests: dict[str, dict[str, str]]) -> None:
    """Add `digests` (dict[site -> dict[node -> digest]]) to the acknowledgements."""
    ledger.acknowledge(opened(session, fleet), digests, clock=session.now)


def forget(session: Session, fleet: Fleet, sites: Iterable[str]) -> None:
    """Drop the acknowledgements of `sites`."""
    ledger.forget(opened(session, fleet), sites)


def remove(session: Session, fleet: Fleet) -> None:
    """Remove all acknowledgements."""
    ledger.remove(opened(session, fleet))


def waiting(
    session: Session, fleet: Fleet | None, before: Mapping[str, Recorded]
) -> tuple[tuple[Pending, ...], str]:
    """The sites that wait, and a note if the acknowledgements cannot be read: a preview does without them."""
    if fleet is None or not before:
        return (), ""
    try:
        installed = read(session, fleet)
    except OutsideFailure as error:
        return (), f"pending visits are unknown: {error.problem}"
    present = {name: site for name, site in before.items() if name in fleet.sites}
    desired = {name: site.digests for name, site in present.items()}
    times = {
        name: dict.fromkeys(site.digests, site.modified)
        for name, site in present.items()
        if site.modified is not None
    }
    return pending(desired, times, installed, {}), ""
