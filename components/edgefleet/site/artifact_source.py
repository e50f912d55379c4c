"""Where builds get bases and payloads from: the cache of artifacts, opened again in each process."""

from dataclasses import dataclass
from pathlib import Path

from edgefleet.io.artifact_cache import ArtifactCache, lay_out
from edgefleet.model.medium import Base
from edgefleet.model.site import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplies:
    """An unopened cache."""

    cache: Path
    """Its directory."""
    project: Path
    """Directory that ``file:`` sources are relative to."""

    def base(self, base: Base) -> Path:
        """The base, verified.

        Raises:
            OutsideFailure: it is missing, or another file.
        """
        return ArtifactCache(self.cache, project=self.project).fetch(base.source, base.sha256)

    def lay_out(self, node: Node, folder: Path) -> None:
        """Put the payload of `node` into `folder`, laid out for the node.

        Raises:
            OutsideFailure: a file of it is missing, or another file.
        """
        lay_out(ArtifactCache(self.cache, project=self.project), node.payload, folder)
