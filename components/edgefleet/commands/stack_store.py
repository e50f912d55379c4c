"""The store of a stack, where its images, releases and keys are: opened by commands."""

from edgefleet.commands.emulator import emulator_of, is_emulated
from edgefleet.commands.session import Session
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io.store import ArtifactStore, StorePlace


def opened(session: Session, fleet: Fleet) -> ArtifactStore:
    """The store that the fleet's images are kept in."""
    return place(session, fleet).open()


def place(session: Session, fleet: Fleet) -> StorePlace:
    """Where the fleet's images are kept; an emulated cloud is started."""
    uri, cloud = fleet.images.store, fleet.cloud
    if not uri.startswith("s3:"):
        return StorePlace(uri=uri, root=session.project)
    return StorePlace(
        uri=uri,
        root=session.project,
        cloud=cloud,
        emulator=emulator_of(session).url if is_emulated(fleet) else "",
    )
