"""Where builds get bases and payloads from: the cache of artifacts, opened again in each process."""

from dataclasses import dataclass
from pathlib import Path

from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.payload_folder import lay_out
from edgefleet.model.medium import Base
from edgefleet.model.site import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplies:
    """A cache that is not opened yet."""

    cache: Path
    """Its directory."""
    project: Path
    """What ``file:`` sources are relative to."""

    def base(self, base: Base) -> Path:
        """The base, whole and of its digest.

        Raises:
            OutsideFailure: it is not there, or is something else.
        """
        return ArtifactCache(self.cache, project=self.project).fetch(base.source, base.sha256)

    def lay_out(self, node: Node, folder: Path) -> None:
        """Put the payload of `node` into `folder`, as its node shall find it.

        Raises:
            OutsideFailure: a file of it is not there, or is something else.
        """
        lay_out(ArtifactCache(self.cache, project=self.project), node.payload, folder)
