"""The image store of a fleet: where it is, and opened."""

from typing import TYPE_CHECKING

from edgefleet.commands.session import Session

if TYPE_CHECKING:
    from edgefleet.fleetfile.fleet import Fleet
    from edgefleet.io.store import ArtifactStore
    from edgefleet.io.store.place import StorePlace


def opened(session: Session, fleet: "Fleet") -> "ArtifactStore":
    """The store that the fleet's images are kept in."""
    return place(session, fleet).open()


def place(session: Session, fleet: "Fleet") -> "StorePlace":
    """Where the fleet's images are kept; an emulated cloud is started."""
    from edgefleet.io.store.place import StorePlace

    uri, cloud = fleet.images.store, fleet.control_plane.cloud
    if not uri.startswith("s3:"):
        return StorePlace(uri=uri, root=session.project)
    is_emulated = cloud.endpoint == "emulated"
    return StorePlace(
        uri=uri,
        root=session.project,
        region=cloud.region,
        endpoint=session.emulator(session.project).url if is_emulated else cloud.endpoint,
        profile=cloud.profile,
        role_arn=cloud.role_arn,
        is_emulated=is_emulated,
    )
