"""What an exporter of metrics knows of a fleet: its nodes, and how long each may be silent. Pure.

On a hub there is no fleet file. `up` puts this document into the hub's cluster instead, as a ConfigMap of
1 MiB at most: 10,000 sites of one node take a fifth of it.
"""

import json
from typing import Annotated

from pydantic import Field

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.keys.site_certificate import offline_days
from edgefleet.model import strict_json
from edgefleet.model.names import Name
from edgefleet.model.spec import spec, to_plain

Days = Annotated[int, Field(ge=0, le=100_000)]
Time = Annotated[int, Field(ge=0, lt=2**37)]
"""Seconds since 1970."""


@spec
class WatchedSites:
    """Sites that may be silent for the same time."""

    offline_days: Days
    """``link.maxOffline``, or what the class of their link says."""
    nodes: dict[Name, tuple[Name, ...]]
    """dict[site -> its nodes]."""


@spec
class Watched:
    """The nodes of a region."""

    fleet: Name
    region: Name
    sites: tuple[WatchedSites, ...] = ()
    revocations_end: Time | None = None
    """When the list of revoked certificates of the hub's gateway ends; `None` without one."""

    @property
    def nodes(self) -> dict[str, tuple[str, ...]]:
        """dict[site -> its nodes], of all sites."""
        return {site: names for of in self.sites for site, names in of.nodes.items()}


def watched(fleet: Fleet, revocations_end: int | None = None) -> Watched:
    """The document of `fleet`."""
    by_days: dict[int, dict[str, tuple[str, ...]]] = {}
    for name, site in fleet.sites.items():
        by_days.setdefault(offline_days(site.link), {})[name] = tuple(site.nodes)
    sites = tuple(WatchedSites(offline_days=days, nodes=by_days[days]) for days in sorted(by_days))
    return Watched(fleet=fleet.name, region=fleet.region, sites=sites, revocations_end=revocations_end)


def text(of: Watched) -> str:
    """The document: the same text for the same nodes."""
    return json.dumps(to_plain(of), separators=(",", ":"), sort_keys=True)


def read(data: bytes) -> Watched:
    """The document's content.

    Raises:
        ValueError: it is none.
    """
    return strict_json.read(Watched, data)
