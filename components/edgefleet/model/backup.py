"""Backups of what a site's nodes keep, which its channel carries into the store."""

from typing import Annotated

from pydantic import Field

from edgefleet.model.effects import Effect
from edgefleet.model.names import Name
from edgefleet.model.quantities import Days, Size
from edgefleet.model.spec import spec

MOST_KEPT = 9
"""A slot of the store is one digit."""
LARGEST = 512 * 1024**2
"""Bytes of one copy: the gateway takes no more."""


@spec
class Backup:
    """Copies of what the nodes of a site keep, each encrypted to its node, in the store."""

    every: Annotated[Days, Effect.LIVE] = 1
    """Days between two copies, 1d, at the hours of link.updates."""
    keep: Annotated[int, Field(ge=1, le=MOST_KEPT), Effect.LIVE] = 3
    """Newest copies of a node that are kept, 1 to 9; the next one takes the place of the oldest."""
    max_size: Annotated[Size, Field(ge=1024, le=LARGEST), Effect.LIVE] = 256 * 1024**2
    """Most bytes of a copy, compressed, 512Mi at most; a node reports a larger one and does not send it."""
    volumes: Annotated[tuple[Name, ...], Effect.LIVE] = ()
    """Workloads of the site whose volumes are in it, [session], besides the datastore of k3s on servers."""
