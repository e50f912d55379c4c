"""The image store of a fleet, opened."""

from typing import TYPE_CHECKING

from edgefleet.commands.session import Session

if TYPE_CHECKING:
    from edgefleet.io.aws import Aws
    from edgefleet.io.store import ArtifactStore
    from edgefleet.model.fleet import Fleet
    from edgefleet.model.hub import Cloud


def opened(session: Session, fleet: "Fleet") -> "ArtifactStore":
    """The store that the fleet's images are kept in."""
    from edgefleet.io.store import open_store

    uri = fleet.images.store
    aws = _aws(session, fleet.control_plane.cloud) if uri.startswith("s3:") else None
    return open_store(uri, aws=aws, root=session.project)


def _aws(session: Session, cloud: "Cloud") -> "Aws":
    from edgefleet.io.aws import Aws

    if cloud.endpoint == "emulated":
        return Aws.emulated(session.emulator(session.project).url, cloud.region)
    return Aws(region=cloud.region, endpoint=cloud.endpoint, profile=cloud.profile, role_arn=cloud.role_arn)
