"""The figures by which runtimes and hubs are compared: data with their sources, read strictly.

`figures.yaml` is all that this package knows of a runtime besides what the runtime declares itself
(`edgefleet.runtimes`): a runtime that is registered later is compared without an edit here.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import Field

from edgefleet.io.yaml_text import from_yaml
from edgefleet.model.site import Arch, LinkClass, StorageKind
from edgefleet.model.spec import from_plain, spec
from edgefleet.workloads.demand import Demand

UNITS: Mapping[str, int] = {"cores": 1000, "m": 1, "MB": 1000**2}
"""dict[unit of an amount -> how many thousandths of a core or bytes it is]."""
Date = Annotated[str, Field(pattern=r"^\d{4}(-\d{2}-\d{2})?$")]
Line = Annotated[str, Field(min_length=3, max_length=400)]


@spec
class Source:
    """Where figures come from."""

    title: Line
    """Name of the page, paper or program."""
    date: Date
    """Day or year of the source; of a page that changes, the day on which it was read."""
    ours: bool = False
    """Whether it was measured for edgefleet: not an independent figure."""
    bench: str | None = None
    """Section of `bench.run` that measures it again."""


@spec
class Figure:
    """One figure, or that none is known."""

    value: float | None = None
    unit: str = ""
    source: Source | None = None
    note: Line | None = None
    """What it is of."""
    unknown: Line | None = None
    """That no figure is known, in the place of all others."""

    @property
    def amount(self) -> int | None:
        """Thousandths of a core or bytes; `None` where it is not known."""
        return None if self.value is None else round(self.value * UNITS[self.unit])


@spec
class Statement:
    """What a source states without a number."""

    text: Line
    source: Source


@spec
class Choice:
    """One way to run the workloads of a site."""

    title: Line
    rank: int | None = None
    """Order in which choices that fit are recommended; those without one never are."""
    leads: int = 1
    """Nodes of the site that it needs."""
    others: str | None = None
    """Name of the choice that further nodes of the site run; by default they run the same."""
    most_nodes: int | None = None
    """Nodes that a site with it may have."""
    needs_hub: bool = False
    """Whether its nodes join the hub's cluster."""
    survives_node: bool = False
    """Whether critical workloads outlast the loss of a node."""
    beside_server: bool = False
    """Whether its nodes join a server of their site, so that it is never the choice for a whole site."""
    links: tuple[LinkClass, ...]
    archs: tuple[Arch, ...] = ("amd64", "arm64", "armhf")
    refuses_storage: tuple[StorageKind, ...] = ()
    runs: tuple[str, ...] | None = None
    """Kinds of workloads that it takes; all by default."""
    cpus: Figure
    memory: Figure
    """Of a node, at least."""
    taken_cpu: Figure
    taken_memory: Figure
    taken_disk: Figure
    """What it takes of a node itself."""
    each_memory: Figure | None = None
    """What it takes besides for each workload."""
    image_bytes: Figure
    """What it adds to the image of an air-gapped node."""
    opens: Statement
    exposes: Statement
    releases: Figure
    support: Figure
    upgraded_by: Line
    offline: Statement
    """What is lost without the link."""
    reason: Line
    """Why it is recommended."""
    otherwise: Line
    """When it is the better choice."""

    @property
    def taken(self) -> Demand:
        """What it takes of a node, as far as it is known."""
        return Demand(
            cpu=self.taken_cpu.amount or 0,
            memory=self.taken_memory.amount or 0,
            disk=self.taken_disk.amount or 0,
        )

    @property
    def figures(self) -> Iterator[tuple[str, Figure]]:
        """(what it is of, figure) of all of them."""
        yield "cores, at least", self.cpus
        yield "memory, at least", self.memory
        yield "takes of memory", self.taken_memory
        if self.each_memory is not None:
            yield "and for each workload", self.each_memory
        yield "takes of the processor", self.taken_cpu
        yield "takes of the disk", self.taken_disk
        yield "adds to an air-gapped image", self.image_bytes
        yield "releases", self.releases
        yield "support of a release", self.support


@spec
class KindPlace:
    """Where a kind of workload belongs when nothing else decides."""

    place: Literal["site", "either"]
    reason: Line


@spec
class Modules:
    """WebAssembly against containers."""

    reason: Line
    figures: tuple[Figure, ...]
    archs: tuple[Arch, ...]
    """Architectures for which there are shims."""
    archs_source: Source


@spec
class HubChoice:
    """One kind of hub."""

    title: Line
    managed: bool
    upkeep: Statement
    joins: Figure | None = None
    """Nodes that may join its cluster."""
    reason: Line
    otherwise: Line


@spec
class Figures:
    """All of them."""

    choices: dict[str, Choice]
    """dict[name, of a runtime that edgefleet sets up its name in fleet files -> choice]."""
    kinds: dict[str, KindPlace]
    modules: Modules
    hubs: dict[str, HubChoice]
    """dict[`controlPlane.kind` -> hub]."""

    @property
    def all_figures(self) -> Iterator[Figure]:
        """Each figure once or more."""
        yield from (figure for choice in self.choices.values() for _, figure in choice.figures)
        yield from self.modules.figures
        yield from (hub.joins for hub in self.hubs.values() if hub.joins is not None)


def parse(text: str) -> Figures:
    """The figures of a file; each `source` is the name of one of its `sources`.

    Raises:
        KeyError: a source is not in the file.
        ValueError: the file has an unknown key, lacks one or has a wrong value; a figure has neither a value
            with a source nor the statement that none is known.
    """
    (plain,) = from_yaml(text)
    sources = plain.pop("sources")
    read = from_plain(Figures, _with_sources(plain, sources))
    for figure in read.all_figures:
        is_known = figure.value is not None and bool(figure.unit) and figure.source is not None
        if is_known == (figure.unknown is not None):
            raise ValueError(
                f"not a value with unit and source, nor the statement that none is known: {figure}"
            )
    return read


def _with_sources(plain: Any, sources: Mapping[str, Any]) -> Any:
    """`plain` with each source in the place of its name."""
    if isinstance(plain, dict):
        return {
            key: sources[value] if key in {"source", "archsSource"} else _with_sources(value, sources)
            for key, value in plain.items()
        }
    return [_with_sources(each, sources) for each in plain] if isinstance(plain, list) else plain


@cache
def figures() -> Figures:
    """The figures of this edgefleet."""
    return parse((files("edgefleet.choosing") / "figures.yaml").read_text(encoding="utf-8"))
