"""The workloads of a fleet file: checked one by one, placed at its sites, and checked together. Pure.

A workload with a problem of its own is placed nowhere, and what follows from that is not reported. Paths of
problems are those of the fleet file.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgefleet.errors import Problem
from edgefleet.fleetfile.edge_namespaces import check_namespaces
from edgefleet.fleetfile.placement import HUB, Placing
from edgefleet.fleetfile.provenance import Membership
from edgefleet.fleetfile.rendering import Renderer
from edgefleet.fleetfile.wiring import Wiring
from edgefleet.model.hub import Hub
from edgefleet.model.paths import format_path, parse_path
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base.k3s_claims import check_hub_claims
from edgefleet.workloads import KINDS, checking, hub_nodes
from edgefleet.workloads.base.kind import Place
from edgefleet.workloads.base.spec import Workload
from edgefleet.workloads.claims import Claims, claims_of
from edgefleet.workloads.composing import (
    SITES,
    entry,
    hub_entry,
    hub_place,
    kind_of,
    objects_of_entry,
    runs_at_hub,
)


@dataclass(slots=True, kw_only=True)
class Running:
    """The workloads of a fleet file."""

    workloads: dict[str, Workload]
    left_out: set[str]
    """Names of invalid ones."""
    hub: Hub
    renderer: Renderer
    revoked: Mapping[str, int]
    """dict[site -> last revoked key generation]."""
    hub_values: Mapping[str, str]
    """dict[placeholder -> its value at the hub]."""
    at_hub: dict[str, dict[str, Any]] = field(default_factory=dict)
    """dict[workload -> its entry at the hub], of those with objects there, once all are placed."""
    _claims: dict[Place, Claims] = field(default_factory=dict)
    """dict[place of a workload -> its claims there, before values of the site are in them]."""

    def check_each(self) -> Iterator[Problem]:
        """Contradictions within a workload, which is left out then."""
        for name, spec in [*self.workloads.items()]:
            places = [Place(name=name), Place(name=name, is_airgapped=True)]
            places += [Place(name=name, side="hub")] * runs_at_hub(spec)
            for problem in checking.problems(name, spec, places):
                path = format_path(("workloads", name, *parse_path(problem.path)))
                yield replace(problem, path=path)
                self.left_out.add(name)
                self.workloads.pop(name, None)

    def placed(
        self, sites: Mapping[str, SiteSpec], members: Mapping[str, Membership]
    ) -> tuple[dict[str, SiteSpec], list[Problem]]:
        """The sites with their workloads, and contradictions between those and the places where they run."""
        placing = Placing(self.workloads, self.renderer)
        done = {
            name: replace(site, workloads=placing.entries(site, members[name]))
            for name, site in sites.items()
        }
        version = self.hub.k3s.version or f"v{self.hub.eks.version}.0"
        self.at_hub = {
            name: self.renderer.entry(name, entry, version, HUB) | self._linked(name, done.values())
            for name, entry in placing.hub_entries(self.hub_values).items()
        }
        of_edge = [each for site in done.values() for each in hub_nodes.entries(site)]
        self.at_hub |= dict(of_edge)
        wiring = Wiring(
            workloads=self.workloads,
            left_out=self.left_out,
            listening={name for name in self.workloads if self._is_listening(name)},
            sites=done,
            hub=self.hub,
        )
        clashes = (*check_namespaces(of_edge, self.workloads), *self._hub_clashes())
        return done, [*placing.without_values(), *wiring.problems(), *clashes]

    def _linked(self, name: str, sites: Iterable[SiteSpec]) -> dict[str, Any]:
        """What the entry of a workload at the hub has of its `sites`."""
        spec = self.workloads[name]
        if not KINDS[kind_of(spec)].is_linked(spec):
            return {}
        from edgefleet.keys.site_certificate import admitted_uris  # noqa: PLC0415 - needs cryptography

        return {SITES: {of.name: admitted_uris(of, self.revoked) for of in sites if name in of.workloads}}

    def clashes(self, site: SiteSpec) -> Iterator[Problem]:
        """Contradictions between the workloads of a site, and with its nodes."""
        claims = {
            name: self._of(Place(name=name, is_airgapped=site.airgap)).filled(site) for name in site.workloads
        }
        for check in dict.fromkeys(runtime_of(node).check_claims for node in site.nodes.values()):
            yield from check(site, claims)

    def _hub_clashes(self) -> Iterator[Problem]:
        """Contradictions between the workloads at the hub, and with its cluster where it is known."""
        if self.hub.kind == "k3s":
            claims = {
                name: claims_of(objects_of_entry(of_entry, hub_place(name, of_entry)))
                for name, of_entry in self.at_hub.items()
            }
            yield from check_hub_claims(self.hub, claims)

    def _is_listening(self, name: str) -> bool:
        places = [Place(name=name)] + [Place(name=name, side="hub")] * runs_at_hub(self.workloads[name])
        return any(self._of(place).is_listening for place in places)

    def _of(self, place: Place) -> Claims:
        if place not in self._claims:
            entry_of = hub_entry if place.side == "hub" else entry
            objects = objects_of_entry(entry_of(self.workloads[place.name]), place)
            self._claims[place] = claims_of(objects)
        return self._claims[place]
