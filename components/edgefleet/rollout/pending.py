"""Nodes that do not run their desired image yet. Pure.

A new image in the store does not change a node: each has a *desired* digest, one that a person *acknowledged*
as installed, and one that the node itself *reported*.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from edgefleet.model.effects import Effect
from edgefleet.rollout.node_status import NodeStatus

Digests = Mapping[str, Mapping[str, str]]
"""dict[site -> dict[node -> ``sha256:<hex>``]]."""
Statuses = Mapping[tuple[str, str], NodeStatus]
"""dict[(site, node) -> what it reports]."""
Times = Mapping[str, Mapping[str, datetime]]
"""dict[site -> dict[node -> when its image was stored]]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a node of a site with a channel is to be."""

    digest: str
    """Of its image."""
    part: str
    """Hex digest of its part of the release."""
    fixed: str
    """Digest of what its image alone sets up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A site with an image that is not on its node yet."""

    name: str
    """The site's name."""
    effect: Effect
    """`LIVE` where nodes report that only a release is missing, which the channel brings; else a visit."""
    since: datetime | None
    """When the oldest of these images was stored; `None` if the store does not report it."""
    is_first: bool
    """Whether none of the site's nodes is known to run an image: it is set up, not changed."""
    nodes: tuple[str, ...]
    """Names of the nodes, sorted."""


BEHIND, OTHER = "an earlier release on this image", "another image"
"""In the place of a digest, where a node does not run what it is to be."""


def reported(wanted: Mapping[str, Mapping[str, Wanted]], statuses: Statuses) -> dict[str, dict[str, str]]:
    """dict[site -> dict[node -> digest of the image that it is equal to, `BEHIND` or `OTHER`]].

    A node that runs an image and the releases after it is equal to the image with the last of them, if no
    other image sets up anything else.
    """
    found: dict[str, dict[str, str]] = {}
    for (site, node), status in statuses.items():
        of = wanted.get(site, {}).get(node)
        if of is not None:
            known = of.digest if status.part == of.part else BEHIND
            found.setdefault(site, {})[node] = known if status.fixed == of.fixed else OTHER
    return found


def pending(
    desired: Digests, modified: Times, acknowledged: Digests, reported: Digests
) -> tuple[Pending, ...]:
    """The pending sites, the oldest first.

    Args:
        desired: digests of the stored images.
        modified: when they were stored; nodes may be missing.
        acknowledged: digests that people recorded.
        reported: digests that the nodes reported.

    Returns:
        Sites of `desired` with a node whose desired digest was neither acknowledged nor reported.
    """
    waiting = (
        _pending(site, nodes, modified.get(site, {}), (acknowledged.get(site, {}), reported.get(site, {})))
        for site, nodes in desired.items()
    )
    return tuple(
        sorted(
            (site for site in waiting if site is not None),
            key=lambda site: (site.since is None, site.since.timestamp() if site.since else 0.0, site.name),
        )
    )


def _pending(
    site: str,
    desired: Mapping[str, str],
    modified: Mapping[str, datetime],
    runs: tuple[Mapping[str, str], Mapping[str, str]],
) -> Pending | None:
    nodes = tuple(
        sorted(node for node, digest in desired.items() if all(digest != seen.get(node) for seen in runs))
    )
    if not nodes:
        return None
    times = [modified[node] for node in nodes if node in modified]
    is_behind = all(seen.get(node) == BEHIND for seen in runs[1:] for node in nodes)
    return Pending(
        name=site,
        effect=Effect.LIVE if is_behind else Effect.REFLASH,
        since=min(times, default=None),
        is_first=not any(node in seen for seen in runs for node in desired),
        nodes=nodes,
    )
