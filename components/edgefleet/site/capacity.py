"""The bytes on a node's medium, and whether they fit: known before any download. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.images import FORMATS
from edgefleet.model.site import SiteSpec

ROOM = 16 * 1024**2
"""Bytes for the seed, partition tables and the space between partitions."""
Locate = Callable[[str, str], str]
"""(site, path in its spec) -> ``file:line:column``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumUsage:
    """The content of one node's medium."""

    site: str
    node: str
    payload: int
    """Bytes."""
    base: int | None
    """Bytes of the base; 0 without one, `None` if it is not in the lock."""
    medium: int | None
    """Bytes of the medium; `None` if not given."""

    @property
    def content(self) -> int:
        """Bytes of all known parts."""
        return self.payload + (self.base or 0) + ROOM

    @property
    def is_whole(self) -> bool:
        """Whether the size of every part is known."""
        return self.base is not None

    @property
    def fits(self) -> bool | None:
        """Whether it fits; `None` if that is unknown."""
        if self.medium is not None and self.content > self.medium:
            return False
        return None if self.medium is None or not self.is_whole else True


def medium_usages(sites: Mapping[str, SiteSpec], lock: ArtifactsLock) -> Iterator[MediumUsage]:
    """Media with more than a seed, in the fleet file's order."""
    sizes = {digest: base["size"] for digest, base in lock.get("bases", {}).items()}
    for site in sites.values():
        for name, node in site.nodes.items():
            if node.payload or node.image.base is not None:
                base = 0 if node.image.base is None else sizes.get(node.image.base.sha256)
                yield MediumUsage(
                    site=site.name,
                    node=name,
                    payload=sum(file.size for file in node.payload),
                    base=base,
                    medium=FORMATS[node.image.format].medium_size(node),
                )


def check_fits(sites: Mapping[str, SiteSpec], lock: ArtifactsLock, locate: Locate) -> None:
    """Refuse images that do not fit, as far as known.

    Raises:
        InvalidInput: a medium is smaller than its content; equal ones are one problem with a count.
    """
    too_small: dict[tuple[str, int], list[MediumUsage]] = {}
    for usage in medium_usages(sites, lock):
        if usage.fits is False:
            image = sites[usage.site].nodes[usage.node].image
            key = "image.size" if image.size is not None else "disk"
            where = locate(usage.site, f"nodes.{usage.node}.{key}")
            too_small.setdefault((where, usage.content), []).append(usage)
    if too_small:
        raise InvalidInput(
            _too_small(where, equal[0], sites).repeated(len(equal) - 1)
            for (where, _), equal in too_small.items()
        )


def _too_small(where: str, first: MediumUsage, sites: Mapping[str, SiteSpec]) -> Problem:
    image = sites[first.site].nodes[first.node].image
    parts = [f"payload {first.payload:,}"] if first.payload else []
    parts += [f"base {first.base:,}"] if first.base else []
    fixes = ["take a larger medium", *(["let fewer workloads run there"] if first.payload else [])]
    if first.payload and FORMATS[image.format].is_composed:
        fixes.append("put the payload on its own medium")
    return Problem(
        code="medium-too-small",
        where=where,
        path=f"sites.{first.site}.nodes.{first.node}.{'image.size' if image.size is not None else 'disk'}",
        problem=f"the medium has {first.medium:,} bytes and would hold {first.content:,} "
        f"({', '.join([*parts, f'room {ROOM:,}'])})",
        hint=", or ".join(fixes),
    )
