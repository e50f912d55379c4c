"""Sites whose boxes do not have the image yet that an earlier run made."""

from collections.abc import Mapping

from edgefleet.commands import acknowledged
from edgefleet.commands.session import Session
from edgefleet.commands.state_sites import Recorded
from edgefleet.errors import OutsideFailure
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.rollout.pending import Pending, pending


def waiting(
    session: Session, fleet: Fleet | None, before: Mapping[str, Recorded]
) -> tuple[tuple[Pending, ...], str]:
    """The sites that wait, and a note where that could not be found out.

    A preview stays useful while the place of the acknowledgements is away.
    """
    if fleet is None or not before:
        return (), ""
    try:
        known = acknowledged.read(session, fleet)
    except OutsideFailure as error:
        return (), f"what waits at the sites is not known: {error.problem}"
    kept = {name: each for name, each in before.items() if name in fleet.sites}
    desired = {name: each.digests for name, each in kept.items()}
    times = {
        name: dict.fromkeys(each.digests, each.modified)
        for name, each in kept.items()
        if each.modified is not None
    }
    return pending(desired, times, known, {}), ""
