"""The resource of a region's rollouts, as a program and the state describe it: its type, inputs and outputs.

What a rollout plans from is a part of the inputs, so plans, simulations and previews need no fleet file.
"""

from dataclasses import field
from typing import Annotated, Final

from pydantic import Field

from edgefleet.model.channel import LARGEST_SEQUENCE, RootKey
from edgefleet.model.listing import Sha256
from edgefleet.model.names import Name
from edgefleet.model.quantities import Days
from edgefleet.model.releases import Digest, SignKey, Store
from edgefleet.model.rollout import Policy
from edgefleet.model.site import LinkClass
from edgefleet.model.spec import spec

ROLLOUT: Final = "edgefleet:index:Rollout"
"""Pulumi type; a compatibility promise, as state files hold it."""


@spec
class PublishedBundle:
    """What a pointer names for one node."""

    ciphertext: Digest
    """Hex SHA-256 of the encrypted bundle."""
    size: Annotated[int, Field(ge=0)]
    """Bytes of it."""
    part: Digest
    """Hex digest of the node's part of the release."""


@spec
class PublishedSite:
    """A site with the release that it is to run."""

    release: Sha256 | None
    """``sha256:<hex>`` of its manifest; null where it is unknown, or not stored."""
    nodes: dict[Name, PublishedBundle]
    """dict[node -> what it fetches]."""
    earlier: dict[Sha256, dict[Name, PublishedBundle]] = field(default_factory=dict)
    """dict[release before it that the store still has -> the same of that one]."""
    wave: Name
    """Name of its wave."""
    group: str = ""
    """Name of its group; empty for none."""
    link: LinkClass = "steady"
    """Class of its link."""
    timezone: str = "Etc/UTC"
    """Its time zone, of the tz database."""
    key_generation: Annotated[int, Field(ge=1)] = 1
    """Of its key."""

    def nodes_of(self, release: str) -> dict[str, PublishedBundle]:
        """dict[node -> what it fetches] of it, or of a release before it; empty where that is not known."""
        return self.nodes if release == self.release else self.earlier.get(release, {})


@spec
class PublishedWave(Policy):
    """A wave, with a value for all of its policy."""

    name: Name
    """Name of the wave."""


@spec
class Targets:
    """What a rollout plans from."""

    fleet: Name
    """Name of the fleet."""
    region: Name
    """Name of the region."""
    floor: Annotated[int, Field(ge=0, le=LARGEST_SEQUENCE)] = 0
    """The smallest sequence of a pointer."""
    waves: tuple[PublishedWave, ...]
    """In their order."""
    sites: dict[Name, PublishedSite]
    """In the fleet file's order."""


@spec
class RolloutInputs(Targets):
    """The releases of a region's sites, how they reach them, and who signs that."""

    store: Store
    """The store of its sites: ``file:<directory in the project>`` or ``s3://<bucket>/<prefix>``."""
    roots: tuple[RootKey, ...]
    """Public halves of the root keys, PEM."""
    sign_key: SignKey
    """The release key: ``file:<path in the project>`` or ``awskms:<ARN>``."""
    expires: Days
    """Days for which a pointer holds."""


@spec
class RolloutOutputs:
    """The newest rollout."""

    rollout: str
    """When it was started, UTC: ``20261130t184500z``."""
    signed_by: str
    """Hex SHA-256 of the public half of the release key, as documents name it."""
    signed_at: int
    """When the oldest pointers in force were signed; seconds since 1970."""
    signed_until: int
    """When these end; seconds since 1970."""
