"""Which nodes do not run yet what the fleet file asks for. Pure.

A new image in the store is not a changed node: per node there is the digest that is *desired*, the one that
somebody *acknowledged* to be on the node, and the one that the node itself *reported*.
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
    """A site with an image that somebody has yet to put on a node."""

    name: str
    """The site's."""
    effect: Effect
    """What it takes; `REFLASH` while no channel to a site exists."""
    since: datetime | None
    """When the oldest of these images was stored; `None` where the store does not say."""
    is_first: bool
    """None of the site's nodes was ever said to run an image: it is to be set up, not to be changed."""
    nodes: tuple[str, ...]
    """Names of the nodes, sorted."""


def pending(
    desired: Digests, modified: Times, acknowledged: Digests, reported: Digests
) -> tuple[Pending, ...]:
    """The sites that wait for somebody, those that wait longest first.

    Args:
        desired: what the stored images are.
        modified: when they were stored; nodes may be missing.
        acknowledged: what people said is on the nodes.
        reported: what the nodes told.

    Returns:
        Sites of `desired` with a node whose desired digest was neither acknowledged nor reported.
    """
    waiting = (
        _pending(site, nodes, modified.get(site, {}), (acknowledged.get(site, {}), reported.get(site, {})))
        for site, nodes in desired.items()
    )
    return tuple(
        sorted(
            (each for each in waiting if each is not None),
            key=lambda each: (each.since is None, each.since.timestamp() if each.since else 0.0, each.name),
        )
    )


def _pending(
    site: str,
    desired: Mapping[str, str],
    modified: Mapping[str, datetime],
    known: tuple[Mapping[str, str], Mapping[str, str]],
) -> Pending | None:
    nodes = tuple(
        sorted(node for node, digest in desired.items() if all(digest != said.get(node) for said in known))
    )
    if not nodes:
        return None
    times = [modified[node] for node in nodes if node in modified]
    return Pending(
        name=site,
        effect=Effect.REFLASH,
        since=min(times, default=None),
        is_first=not any(node in said for said in known for node in desired),
        nodes=nodes,
    )
