"""`advice`: which runtime a site should have, with the reason and what would change it. Pure.

A recommendation is always a choice that the site can have and that this edgefleet sets up; where there is
none, the nearest one and what keeps it out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from edgefleet.choosing.figures import Figures
from edgefleet.choosing.verdicts import Asked, Verdict, current, verdict
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.site import SiteSpec
from edgefleet.site.capacity import gigabytes
from edgefleet.site.load import Loads
from edgefleet.workloads.composing import EDGE, handlers, likeness
from edgefleet.workloads.demand import Demand

Place = Literal["site", "hub", "either"]
FOR = "--for"
NO_HUB = "none"
"""The kind of a control plane without a cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What one workload asks of a site, and where it belongs."""

    name: str
    kind: str
    takes: Demand
    is_critical: bool
    module: str | None
    """The runtime for modules that runs it; `None` for containers."""
    place: Place
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAdvice:
    """The advice for sites that are alike."""

    sites: tuple[str, ...]
    has: SiteSpec
    """The first of them."""
    asks: tuple[Ask, ...]
    verdicts: tuple[Verdict, ...]
    """In the order of the figures."""
    current: str | None
    recommended: str | None
    """Name of the choice; `None` where none fits."""
    reason: str
    changes: tuple[str, ...]
    """What would change the recommendation."""
    notes: tuple[str, ...]

    @property
    def is_as_recommended(self) -> bool:
        """Whether the fleet file has what is recommended."""
        return self.recommended is not None and self.recommended == self.current


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAdvice:
    """The advice for the region's hub."""

    current: str
    recommended: str
    workloads: int
    """Workloads that run there."""
    joined: int
    """Nodes of sites that join its cluster."""
    reason: str
    otherwise: str


def advice(asked: Asked, figures: Figures) -> SiteAdvice:
    """The advice for one site."""
    site, choices = asked.site, figures.choices
    verdicts = tuple(verdict(name, choices, asked) for name in choices)
    asks = tuple(_asks(asked, figures))
    best = _best(verdicts, figures, needs_more=any(ask.is_critical for ask in asks))
    nearest = _nearest(verdicts, figures)
    reason = (
        choices[best.name].reason
        if best is not None
        else f"no runtime fits that edgefleet sets up; the nearest, {nearest.name}: {nearest.obstacles[0]}"
    )
    return SiteAdvice(
        sites=(site.name,),
        has=site,
        asks=asks,
        verdicts=verdicts,
        current=current(choices, site),
        recommended=best.name if best is not None else None,
        reason=reason,
        changes=tuple(_changes(verdicts, best, figures)),
        notes=tuple(_notes(asked, figures)),
    )


def of_fleet(
    fleet: Fleet, figures: Figures, sites: Iterable[str], kinds: Sequence[str] = ()
) -> list[SiteAdvice]:
    """The advice for `sites` of a fleet, those that are alike together, as if they also ran `kinds`."""
    loads, has_hub = Loads(fleet.lock), fleet.hub_kind != NO_HUB
    groups: dict[str, SiteAdvice] = {}
    for site in (fleet.sites[name] for name in sites):
        load = loads.of(site)
        key = repr((load.rooms, load.nodes, [likeness(site, name) for name in site.workloads], _shape(site)))
        if key in groups:
            groups[key] = replace(groups[key], sites=(*groups[key].sites, site.name))
        else:
            asked = {str(entry["kind"]): name for name, entry in site.workloads.items()}
            of_kinds = {**dict.fromkeys(kinds, FOR), **asked}
            about = Asked(site=site, load=load, kinds=of_kinds, has_hub=has_hub, lock=fleet.lock)
            groups[key] = advice(about, figures)
    return [*groups.values()]


def _shape(site: SiteSpec) -> Any:
    """What the advice follows from besides workloads and room."""
    nodes = [
        (node.runtime, node.arch, node.storage, node.wasm, node.hardware) for node in site.nodes.values()
    ]
    return nodes, site.link.class_, site.airgap, site.k3s.server, site.k3s.version


def hub_advice(fleet: Fleet, figures: Figures) -> HubAdvice:
    """The advice for the hub of a fleet."""
    kind, workloads = fleet.hub_kind, sum(EDGE not in entry for entry in fleet.hub_workloads.values())
    joining = {name for name, choice in figures.choices.items() if choice.needs_hub}
    joined = sum(
        len(site.nodes)
        for site in fleet.sites.values()
        if site.k3s.server is None and current(figures.choices, site) in joining
    )
    limit = figures.hubs[kind].joins
    is_needed = bool(workloads or joined or fleet.has_site_certificates)
    recommended = kind if is_needed else NO_HUB
    if limit is not None and limit.value is not None and joined > limit.value:
        recommended = next(name for name, hub in figures.hubs.items() if hub.managed)
    hub = figures.hubs[recommended]
    return HubAdvice(
        current=kind,
        recommended=recommended,
        workloads=workloads,
        joined=joined,
        reason=hub.reason,
        otherwise=hub.otherwise,
    )


def _best(verdicts: Sequence[Verdict], figures: Figures, *, needs_more: bool) -> Verdict | None:
    """The first that fits; of those that outlast the loss of a node where critical workloads run."""

    def order(of: Verdict) -> tuple[bool, int]:
        choice = figures.choices[of.name]
        return not (needs_more and choice.survives_node), choice.rank or 0

    return min(_recommendable(verdicts, figures, are_fitting=True), key=order, default=None)


def _recommendable(verdicts: Sequence[Verdict], figures: Figures, *, are_fitting: bool) -> list[Verdict]:
    return [
        each
        for each in verdicts
        if each.is_set_up and figures.choices[each.name].rank is not None and each.fits == are_fitting
    ]


def _nearest(verdicts: Sequence[Verdict], figures: Figures) -> Verdict:
    """The one that would be the first to be recommended."""
    others = _recommendable(verdicts, figures, are_fitting=False) or [*verdicts]
    return min(others, key=lambda each: figures.choices[each.name].rank or 0)


def _changes(verdicts: Sequence[Verdict], best: Verdict | None, figures: Figures) -> Iterator[str]:
    """The room that is left, others that fit, and what keeps the rest out."""
    if best is not None and best.spare is not None:
        memory, disk = gigabytes(best.spare.memory), gigabytes(best.spare.disk)
        yield f"further workloads of more than {memory}, {best.spare.cpu / 1000:g} cores or {disk} of disk"
    for each in _recommendable(verdicts, figures, are_fitting=True):
        if each is not best:
            yield f"{each.name}, where {figures.choices[each.name].otherwise}"
    for each in _recommendable(verdicts, figures, are_fitting=False):
        more = f", and {len(each.obstacles) - 1} more" if each.obstacles[1:] else ""
        yield f"{each.name}: {each.obstacles[0]}{more}"


def _asks(asked: Asked, figures: Figures) -> Iterator[Ask]:
    load, site = asked.load, asked.site
    for name, entry in site.workloads.items():
        place, reason = _place(site, entry, figures)
        yield Ask(
            name=name,
            kind=str(entry["kind"]),
            takes=load.steady[name] + load.jobs[name],
            is_critical=bool(entry.get("critical")),
            module=(entry.get("runtime") or {}).get("name"),
            place=place,
            reason=reason,
        )


def _place(site: SiteSpec, entry: Mapping[str, Any], figures: Figures) -> tuple[Place, str]:
    """Edge or cloud."""
    if entry.get("critical"):
        return "site", "it is critical, and a site works without its link"
    if site.link.class_ != "steady":
        return "site", f"the link is {site.link.class_}"
    kind = figures.kinds[str(entry["kind"])]
    return kind.place, kind.reason


def _notes(asked: Asked, figures: Figures) -> Iterator[str]:
    """What holds whichever runtime it is."""
    site = asked.site
    for kind in (kind for kind, whose in asked.kinds.items() if whose == FOR):
        yield f"what a {kind} takes depends on it: add it to the fleet file to have it counted"
    has = sorted({handler for node in site.nodes for handler in handlers(site, node)})
    archs = {node.arch for node in site.nodes.values()} - {*figures.modules.archs}
    if archs:
        yield f"container or module: containers, as there are no shims for {', '.join(sorted(archs))}"
    elif not has:
        yield "container or module: containers, as no node has a runtime for modules (wasm of its profile)"
    else:
        yield f"container or module: either, modules with {', '.join(has)}"
