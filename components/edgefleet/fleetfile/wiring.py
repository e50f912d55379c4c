"""Workloads that belong together: what one needs, both sides of one, and the countries it stays in. Pure.

Paths of problems are those of the fleet file.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from edgefleet.errors import Problem
from edgefleet.fleetfile.placement import HUB
from edgefleet.model.cloud import COUNTRIES
from edgefleet.model.hub import Hub
from edgefleet.model.paths import format_path
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import few, nearest
from edgefleet.workloads import KINDS
from edgefleet.workloads.base.spec import Workload
from edgefleet.workloads.composing import kind_of, needs_of, runs_at_hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The workloads of a fleet file, and where they run."""

    workloads: Mapping[str, Workload]
    left_out: Collection[str]
    """Names of invalid workloads, of which nothing is reported again."""
    listening: Collection[str]
    """Names of those that others can talk to."""
    sites: Mapping[str, SiteSpec]
    hub: Hub

    def problems(self) -> Iterator[Problem]:
        """All contradictions."""
        for name, spec in self.workloads.items():
            for index, need in enumerate(needs_of(spec)):
                if need not in self.left_out:
                    path = format_path(("workloads", name, "needs", index))
                    yield from self._need(name, need, path)
        yield from self._cycles()
        yield from self._without_hub()
        yield from self._residencies()

    def _places(self, name: str) -> dict[str, None]:
        """Names of the sites at which a workload runs, and `HUB`."""
        hub = [HUB] if runs_at_hub(self.workloads[name]) else []
        return dict.fromkeys([*(site.name for site in self.sites.values() if name in site.workloads), *hub])

    def _need(self, name: str, need: str, path: str) -> Iterator[Problem]:
        if need == name:
            problem, hint = f"{name} needs itself", "remove it: Pods of one workload reach each other"
            yield Problem.of_value(path, "needs-itself", problem, hint)
        elif need not in self.workloads:
            hint = nearest(need, self.workloads.keys() - {name}, otherwise="add it under workloads")
            yield Problem.of_value(path, "unknown-workload", f"no workload is called {need}", hint)
        elif need not in self.listening:
            problem = f"{need} listens at no port, so {name} cannot talk to it"
            yield Problem.of_value(path, "need-without-port", problem, "remove it, or name another workload")
        elif apart := [*self._places(name).keys() - self._places(need).keys()]:
            places = few([place for place in self._places(name) if place in apart])
            problem = f"{need} does not run at {places}, where {name} does"
            hint = f"extend where of {need} to them, or narrow where of {name}"
            yield Problem.of_value(path, "need-elsewhere", problem, hint)

    def _cycles(self) -> Iterator[Problem]:
        """Each cycle once, at the need that closes it."""
        graph = {
            name: {need for need in needs_of(spec) if need in self.workloads and need != name}
            for name, spec in self.workloads.items()
        }
        while (cycle := _cycle(graph)) is not None:
            first, second, *_ = cycle
            way = " -> ".join(cycle)
            path = format_path(("workloads", first, "needs", needs_of(self.workloads[first]).index(second)))
            hint = "remove one of these needs; what two share can be a workload that both need"
            yield Problem.of_value(path, "needs-cycle", f"workloads need each other: {way}", hint)
            graph[first].remove(second)

    def _without_hub(self) -> Iterator[Problem]:
        for name, spec in self.workloads.items():
            if self.hub.kind == "none" and runs_at_hub(spec):
                problem = f"{name} has a part at the hub, and this region has no hub"
                hint = "add controlPlane, or let it run at sites alone"
                yield Problem.of_value(format_path(("workloads", name)), "no-hub", problem, hint)
            elif KINDS[kind_of(spec)].is_linked(spec) and not self.hub.identity.sites:
                problem = f"{name} links sites to the hub, and sites have no certificates for that"
                hint = "add identity: {sites: true} to controlPlane"
                yield Problem.of_value(format_path(("workloads", name)), "no-certificates", problem, hint)

    def _residencies(self) -> Iterator[Problem]:
        for name, spec in self.workloads.items():
            if spec.residency:
                yield from self._residency(name, spec.residency)

    def _residency(self, name: str, countries: Sequence[str]) -> Iterator[Problem]:
        path, allowed = format_path(("workloads", name, "residency")), ", ".join(countries)
        running = [site for site in self.sites.values() if name in site.workloads]
        abroad = [site.name for site in running if (country := _country(site)) and country not in countries]
        if abroad:
            problem = f"{name} may run in {allowed} alone, and {few(abroad)} {_are(abroad)} elsewhere"
            hint = f"add countries: [{allowed}] to where, or allow the countries of these sites"
            yield Problem.of_value(path, "residency", problem, hint)
        if nowhere := [site.name for site in running if _country(site) is None]:
            problem = f"{name} may run in {allowed} alone, and {few(nowhere)} {_have(nowhere)} no country"
            hint = f"set location.country there, or add countries: [{allowed}] to where"
            yield Problem.of_value(path, "residency-unknown", problem, hint)
        for part in self._with_needs(name):
            if runs_at_hub(self.workloads[part]) and self.hub.kind != "none":
                yield from self._residency_of_hub(name, part, countries)

    def _residency_of_hub(self, name: str, part: str, countries: Sequence[str]) -> Iterator[Problem]:
        path = format_path(("workloads", name, "residency"))
        region = self.hub.cloud.region
        country = COUNTRIES.get(region or "")
        whose = name if part == name else f"{part}, which {name} needs,"
        allowed = ", ".join(countries)
        if country is None:
            where = f"edgefleet does not know the country of {region}" if region else "the hub has no region"
            problem = f"{whose} has a part at the hub, and {where}"
            hint = "set controlPlane.cloud.region to a region in a country that residency allows"
            yield Problem.of_value(path, "residency-of-hub", problem, hint)
        elif country not in countries:
            problem = f"{whose} has a part at the hub, which is in {country} ({region}), not in {allowed}"
            hint = f"let it run at sites alone, or allow {country}"
            yield Problem.of_value(path, "residency-of-hub", problem, hint)

    def _with_needs(self, name: str) -> list[str]:
        """A workload and all that it needs, and so on."""
        names = [name]
        for each in names:  # grows
            names += [
                need
                for need in needs_of(self.workloads[each])
                if need in self.workloads and need not in names
            ]
        return names


def _country(site: SiteSpec) -> str | None:
    return site.location.country if site.location is not None else None


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _cycle(graph: Mapping[str, Collection[str]]) -> list[str] | None:
    """The names of a cycle, each before what it needs, the first again at the end; `None` without one."""
    try:
        TopologicalSorter({name: sorted(needs) for name, needs in graph.items()}).prepare()
    except CycleError as error:
        *names, _ = reversed(error.args[1])
        start = names.index(min(names))
        return [*names[start:], *names[:start], names[start]]
    return None
