"""Nodes that do not run their desired image yet. Pure.

A new image in the store does not change a node: each has a *desired* digest, one that a person *acknowledged*
as installed, and one that the node itself *reported*.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from edgefleet.model.effects import Effect

Digests = Mapping[str, Mapping[str, str]]
"""dict[site -> dict[node -> ``sha256:<hex>``]]."""
Times = Mapping[str, Mapping[str, datetime]]
"""dict[site -> dict[node -> when its image was stored]]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A site with an image that is not on its node yet."""

    name: str
    """The site's name."""
    effect: Effect
    """Effect of the change; `REFLASH` while no channel to a site exists."""
    since: datetime | None
    """When the oldest of these images was stored; `None` if the store does not report it."""
    is_first: bool
    """Whether none of the site's nodes is known to run an image: it is set up, not changed."""
    nodes: tuple[str, ...]
    """Names of the nodes, sorted."""


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
    return Pending(
        name=site,
        effect=Effect.REFLASH,
        since=min(times, default=None),
        is_first=not any(node in seen for seen in runs for node in desired),
        nodes=nodes,
    )
