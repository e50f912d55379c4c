"""The advice for a fleet or a site, as text of 80 columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.text import Text

from edgefleet.choosing.advice import Ask, HubAdvice, SiteAdvice
from edgefleet.choosing.figures import Choice, Figure, Figures, Source, Statement
from edgefleet.choosing.verdicts import Verdict
from edgefleet.model.quantities import written_size
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import few
from edgefleet.report.human import counted
from edgefleet.report.layout import COLUMNS, both_ends, wrapped
from edgefleet.site.capacity import cores, gigabytes
from edgefleet.workloads.demand import Demand

NAMED = 3
"""Sites that are named rather than counted."""
_ROW = "  {:<11} {:>8} {:>10}   {:>8} {:>10} {:>9}  {}"


class Sources:
    """The numbers of sources, in the order in which a text names them."""

    def __init__(self) -> None:
        self._numbers: dict[Source, int] = {}

    def __call__(self, source: Source) -> str:
        """``[2]``."""
        return f"[{self._numbers.setdefault(source, len(self._numbers) + 1)}]"

    def lines(self) -> Iterator[Text]:
        """The list of all of them."""
        yield Text("SOURCES", "bold")
        for source, number in self._numbers.items():
            ours = "; ours, measured here" if source.ours else ""
            again = f": python -m bench.run {source.bench}" if source.bench else ""
            yield from _hanging(f"[{number}] {source.title}, {source.date}{ours}{again}", 2)


def of_fleet(name: str, hub: HubAdvice, groups: Sequence[SiteAdvice], figures: Figures) -> Iterator[Text]:
    """The hub, and each group of sites that are alike, with the choices that fit."""
    sites = sum(len(group.sites) for group in groups)
    yield Text(f"{name}: advice for {counted(sites, 'site')}", "bold")
    yield from of_hub(hub, figures)
    for group in groups:
        yield Text()
        yield from _head(group)
        yield from _table(group)
        yield from _recommended(group, figures)
        yield from _places(group.asks)


def of_site(group: SiteAdvice, figures: Figures) -> Iterator[Text]:
    """One site, with all choices, their figures and the sources of these."""
    sources = Sources()
    yield from _head(group)
    yield from _workloads(group.asks)
    yield from _table(group)
    yield from _recommended(group, figures)
    for verdict in group.verdicts:
        yield Text()
        yield from _choice(verdict, figures.choices[verdict.name], sources)
    yield Text()
    yield from _modules(figures, sources)
    yield Text()
    yield from sources.lines()


def of_hub(hub: HubAdvice, figures: Figures) -> Iterator[Text]:
    """The hub, managed or own."""
    state = "keep it" if hub.recommended == hub.current else f"{hub.recommended} would do"
    joined = counted(hub.joined, "node") if hub.joined else "no node"
    yield Text(f"HUB - {hub.current}: {state}", "bold")
    runs = f"{counted(hub.workloads, 'workload')} run there" if hub.workloads else "no workload runs there"
    yield from _hanging(f"{runs.replace('1 workload run', '1 workload runs')}; {joined} of sites joins it", 2)
    yield from _hanging(f"{hub.recommended}: {hub.reason}", 2)
    yield from _hanging(f"upkeep: {figures.hubs[hub.recommended].upkeep.text}", 2)
    yield from _hanging(f"would change it: {hub.otherwise}", 2)
    for name, other in figures.hubs.items():
        if other.managed and name != hub.recommended:
            yield from _hanging(f"managed instead, {name}: {other.reason}; {other.upkeep.text}", 2)


def brief(groups: Sequence[SiteAdvice]) -> Iterator[Text]:
    """The section of a preview: which runtime suits sites that are new or get another one."""
    if not groups:
        return
    count = sum(len(group.sites) for group in groups)
    yield Text(f"RUNTIMES - {counted(count, 'site')} new or with another runtime", "bold")
    for group in groups:
        chosen = next((each for each in group.verdicts if each.is_current), None)
        left = f", leaves {_amounts(chosen.spare)}" if chosen is not None and chosen.spare else ""
        advised = (
            "as advised" if group.is_as_recommended else f"advised is {group.recommended or 'another node'}"
        )
        names = f" ({', '.join(group.sites)})" if len(group.sites) <= NAMED else ""
        text = f"{group.current or 'several'}{left}; {advised}{names}"
        yield from wrapped(f"  {counted(len(group.sites), 'site'):>10}  {text}")


def _head(group: SiteAdvice) -> Iterator[Text]:
    if len(group.sites) == 1:
        yield Text(f"SITE {group.sites[0]}", "bold")
    else:
        yield from wrapped_bold(f"{len(group.sites):,} SITES - {few([*group.sites], NAMED)}")
    yield from _hanging(f"has   {_nodes(group.has)}; link {group.has.link.class_}", 2)
    total = sum((ask.takes for ask in group.asks), Demand())
    asks = f"{counted(len(group.asks), 'workload')}: {_amounts(total)}" if group.asks else "no workload"
    yield from _hanging(f"asks  {asks}", 2)


def wrapped_bold(text: str) -> Iterator[Text]:
    """A heading over as many lines as it needs."""
    return (Text(line.plain, "bold") for line in wrapped(text))


def _nodes(site: SiteSpec) -> str:
    kinds: dict[str, int] = {}
    for node in site.nodes.values():
        words = (
            f"{counted(node.cpus, 'core')}, {gigabytes(node.memory)}, "
            f"{gigabytes(node.disk)} on {node.storage}, {node.arch}"
        )
        kinds[words] = kinds.get(words, 0) + 1
    parts = [words if count == 1 else f"{count} times {words}" for words, count in kinds.items()]
    return f"{counted(len(site.nodes), 'node')}: {'; '.join(parts)}"


def _workloads(asks: Iterable[Ask]) -> Iterator[Text]:
    for ask in asks:
        by = f", a module for {ask.module}" if ask.module else ""
        left = f"{ask.name}  {ask.kind}{by}: {_quantities(ask.takes)}"
        place = {"site": "edge", "hub": "cloud", "either": "edge or cloud"}[ask.place]
        yield from _hanging(f"{left}; {place}: {ask.reason}", 4)


def _table(group: SiteAdvice) -> Iterator[Text]:
    """The choices that fit; the others stand below with what keeps them out."""
    yield Text(_ROW.format("", "takes", "", "leaves", "", "", "").rstrip(), "dim")
    for each in group.verdicts:
        if each.fits and each.spare is not None:
            left = each.spare
            cells = [_memory(each.takes.memory), _cores(each.takes.cpu) if each.takes.cpu else "?"]
            cells += [_memory(left.memory), _cores(left.cpu), gigabytes(left.disk)]
            yield Text(_ROW.format(each.name, *cells, _remark(each, group)).rstrip())
    if unknown := [each.name for each in group.verdicts if each.fits and each.spare is None]:
        yield from _hanging(f"not known what they take, not set up: {', '.join(unknown)}", 2)


def _remark(of: Verdict, group: SiteAdvice) -> str:
    if of.name == group.recommended:
        return "best, now" if of.is_current else "best"
    return "now" if of.is_current else "" if of.is_set_up else "not set up"


def _recommended(group: SiteAdvice, figures: Figures) -> Iterator[Text]:
    if group.recommended is None:
        yield Text("  recommended: another node, or the hub", "bold red")
    else:
        now = "as now" if group.is_as_recommended else f"in the place of {group.current or 'the mixture'}"
        yield Text(f"  recommended: {group.recommended}, {now}", "bold")
    yield from _hanging(group.reason, 4)
    if group.recommended is not None:
        choice = figures.choices[group.recommended]
        yield from _hanging(f"lost without the link: {choice.offline.text}", 4)
        yield from _hanging(f"upgraded by: {choice.upgraded_by}", 4)
    for note in group.notes:
        yield from _hanging(note, 4)
    for index, change in enumerate(group.changes):
        if index == 0:
            yield Text("  would change it:")
        yield from _hanging(change, 4)


def _places(asks: Sequence[Ask]) -> Iterator[Text]:
    """Edge or cloud."""
    for place, words in (("site", "edge"), ("hub", "cloud"), ("either", "edge or cloud")):
        if names := [ask.name for ask in asks if ask.place == place]:
            yield from _hanging(f"{words}: {few(names, 8)}", 2)


def _choice(verdict: Verdict, choice: Choice, sources: Sources) -> Iterator[Text]:
    state = "" if verdict.is_set_up else "not set up by this version"
    yield from both_ends(Text(f"{verdict.name} - {choice.title}", "bold"), state)
    for obstacle in verdict.obstacles:
        yield from _hanging(f"not here: {obstacle}", 2)
    for what, figure in choice.figures:
        yield from _hanging(f"{what}: {written(figure, sources)}", 2)
    if verdict.image_bytes:
        yield from _hanging(f"adds to air-gapped images here: {verdict.image_bytes:,} bytes by the lock", 2)
    statements: Mapping[str, Statement] = {
        "opens": choice.opens,
        "exposes": choice.exposes,
        "lost without the link": choice.offline,
    }
    for what, statement in statements.items():
        yield from _hanging(f"{what}: {statement.text} {sources(statement.source)}", 2)
    yield from _hanging(f"upgraded by: {choice.upgraded_by}", 2)


def _modules(figures: Figures, sources: Sources) -> Iterator[Text]:
    yield Text("CONTAINER OR MODULE", "bold")
    yield from _hanging(figures.modules.reason, 2)
    for figure in figures.modules.figures:
        yield from _hanging(written(figure, sources), 2)
    archs = ", ".join(figures.modules.archs)
    yield from _hanging(f"shims for {archs} alone {sources(figures.modules.archs_source)}", 2)


def written(figure: Figure, sources: Sources) -> str:
    """``1,596 MB (with SQLite) [2]``."""
    if figure.value is None or figure.source is None:
        return figure.unknown or ""
    value, unit = (figure.value / 1000, "cores") if figure.unit == "m" else (figure.value, figure.unit)
    note = f" ({figure.note})" if figure.note else ""
    return f"{value:,g} {unit.removesuffix('s') if value == 1 else unit}{note} {sources(figure.source)}"


def _amounts(of: Demand) -> str:
    parts = [f"{_memory(of.memory)} of memory", f"{of.cpu / 1000:g} cores", f"{gigabytes(of.disk)} of disk"]
    return ", ".join(parts)


def _quantities(of: Demand) -> str:
    parts = [f"memory {written_size(of.memory)}"] if of.memory else []
    parts += [f"cpu {cores(of.cpu)}"] if of.cpu else []
    parts += [f"disk {written_size(of.disk)}"] if of.disk else []
    return ", ".join(parts) or "nothing stated"


def _memory(size: int) -> str:
    """``70 MB``, ``1.6 GB``."""
    return gigabytes(size) if abs(size) >= 1000**3 else f"{size / 1000**2:.0f} MB"


def _cores(cpu: int) -> str:
    return f"{cpu / 1000:g} cores"


def _hanging(text: str, indent: int) -> Iterator[Text]:
    """`text` over as many lines as it needs, each indented."""
    for line in wrapped(text, columns=COLUMNS - indent):
        yield Text(" " * indent + line.plain)
