"""What the workloads of a site take of its nodes, beside k3s and the system, and what does not fit. Pure.

On a site of several nodes, Pods that may run on the same nodes fit where their sum does, and where each node
has room for its daemons and some node for the largest Pod.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import Literal, get_args

from edgefleet.model.site import Node, SiteSpec
from edgefleet.runtimes import runtime_of
from edgefleet.workloads.composing import NODES, objects_of_entry, place_of
from edgefleet.workloads.demand import Demand, Load, largest, loads

SYSTEM = 4 * 1000**3
"""Bytes of the disk that the base system takes (Debian GNU/Linux Installation Guide, 3.4, no desktop)."""
KEPT_FREE = 20
"""Of so many parts of the disk one stays free, else k3s evicts Pods (k3s, pkg/daemons/agent)."""
STORAGE = PurePosixPath("/var/lib/rancher/k3s/storage")
"""Folder of volumes (k3s docs, storage)."""
Resource = Literal["memory", "cpu", "disk"]
RESOURCES: tuple[Resource, ...] = get_args(Resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One node."""

    whole: Demand
    """What it has."""
    taken: Mapping[str, Demand]
    """dict[what is no workload -> what it takes]."""
    has_disk: bool
    """Whether the size of the disk with the volumes is known."""

    @property
    def left(self) -> Demand:
        """What workloads get; below 0 where the rest takes more than there is."""
        return self.whole + total(self.taken) * -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """More taken of one resource than there is."""

    site: str
    resource: Resource
    nodes: tuple[str, ...]
    workloads: Mapping[str, int]
    """dict[workload -> how much it takes], the largest first."""
    others: Mapping[str, int]
    """dict[what is no workload -> how much it takes]."""
    whole: int
    """How much there is."""

    @property
    def taken(self) -> int:
        """How much all take."""
        return sum((*self.workloads.values(), *self.others.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What workloads, k3s and the system take of a site's nodes."""

    site: str
    shares: Mapping[Resource, tuple[int, int]]
    """dict[resource -> (taken, whole)]; without the disk where its size is not known."""


@dataclass(frozen=True, kw_only=True)
class SiteLoad:
    """The workloads of a site, and its nodes."""

    site: str
    rooms: Mapping[str, Room]
    """dict[node -> what it has]."""
    loads: Mapping[str, tuple[Load, ...]]
    """dict[workload -> its Pods]."""
    nodes: Mapping[str, tuple[str, ...]]
    """dict[workload -> nodes that may run it]."""

    @cached_property
    def steady(self) -> dict[str, Demand]:
        """dict[workload -> what its Pods take that do not end]."""
        return {
            name: total(
                {
                    str(index): load.all * (len(self.nodes[name]) if load.is_everywhere else 1)
                    for index, load in enumerate(of)
                    if not load.is_job
                }
            )
            for name, of in self.loads.items()
        }

    @cached_property
    def jobs(self) -> dict[str, Demand]:
        """dict[workload -> what the largest of its jobs takes]."""
        return {name: largest(*(load.first for load in of if load.is_job)) for name, of in self.loads.items()}

    def taken(self, nodes: frozenset[str], resource: Resource) -> dict[str, int]:
        """dict[workload that runs on no others than `nodes` -> how much it takes], of all jobs one."""
        within = [name for name, of in self.nodes.items() if nodes.issuperset(of)]
        amounts = {name: getattr(self.steady[name], resource) for name in within}
        jobs = {name: getattr(self.jobs[name], resource) for name in within}
        if jobs:
            job = max(jobs, key=lambda name: jobs[name])
            amounts[job] += jobs[job]
        return amounts

    def usage(self) -> "Usage":
        """What all of it takes, and what there is."""
        everywhere, rooms = frozenset(self.rooms), self.rooms.values()
        is_known = all(room.has_disk for room in rooms)
        return Usage(
            site=self.site,
            shares={
                of: (
                    sum(self.taken(everywhere, of).values())
                    + sum(getattr(total(room.taken), of) for room in rooms),
                    sum(getattr(room.whole, of) for room in rooms),
                )
                for of in RESOURCES
                if of != "disk" or is_known
            },
        )

    def lacks(self) -> tuple[Lack, ...]:
        """What does not fit: for each resource the sum on the fewest nodes, else what a single node lacks."""
        sets = {frozenset(of) for of in (*self.nodes.values(), self.rooms)}
        ordered = sorted(sets, key=lambda of: (len(of), sorted(of)))
        found = (
            next(filter(None, (self._lack(nodes, of, self.taken(nodes, of)) for nodes in ordered)), None)
            for of in RESOURCES
        )
        return tuple(filter(None, found)) or tuple(self._of_single_nodes())

    def _lack(self, nodes: frozenset[str], resource: Resource, amounts: Mapping[str, int]) -> Lack | None:
        """What does not fit on `nodes`."""
        rooms = [self.rooms[node] for node in sorted(nodes)]
        taken = {name: amount for name, amount in amounts.items() if amount}
        is_known = resource != "disk" or all(room.has_disk for room in rooms)
        left = sum(getattr(room.left, resource) for room in rooms)
        if not taken or not is_known or sum(taken.values()) <= left:
            return None
        others = {what: sum(getattr(room.taken[what], resource) for room in rooms) for what in rooms[0].taken}
        return Lack(
            site=self.site,
            resource=resource,
            nodes=tuple(sorted(nodes)),
            workloads=dict(sorted(taken.items(), key=lambda item: -item[1])),
            others={what: amount for what, amount in others.items() if amount},
            whole=sum(getattr(room.whole, resource) for room in rooms),
        )

    def _of_single_nodes(self) -> Iterator[Lack]:
        """Nodes without room for their daemons, and Pods that fit beside these on none of their nodes."""
        daemons = {
            node: {
                name: sum((load.first for load in self.loads[name] if load.is_everywhere), Demand())
                for name, of in self.nodes.items()
                if node in of
            }
            for node in self.rooms
        }
        for node, demands in daemons.items():
            yield from self._on(node, demands)
        for name, of in self.loads.items():
            for load in of:
                each = [
                    [*self._on(node, daemons[node] | {name: daemons[node][name] + load.first})]
                    for node in self.nodes[name]
                ]
                if not load.is_everywhere and all(each):
                    yield min(each, key=len)[0]

    def _on(self, node: str, demands: Mapping[str, Demand]) -> Iterator[Lack]:
        for of in RESOURCES:
            amounts = {name: getattr(demand, of) for name, demand in demands.items()}
            if lack := self._lack(frozenset({node}), of, amounts):
                yield lack


def total(of: Mapping[str, Demand]) -> Demand:
    """All of them together."""
    return sum(of.values(), Demand())


class Loads:
    """Makes the loads of sites.

    A workload takes the same at each of its sites, as values of a site stand in texts alone: its objects are
    looked at once for all of them.
    """

    def __init__(self) -> None:
        self._loads: dict[tuple[str, bool], tuple[Load, ...]] = {}
        self._lacks: dict[str, tuple[Lack, ...]] = {}

    def of(self, site: SiteSpec) -> SiteLoad:
        """The workloads of `site`, and its nodes."""
        return SiteLoad(
            site=site.name,
            rooms={name: room(node) for name, node in site.nodes.items()},
            loads={name: self._of_workload(site, name) for name in site.workloads},
            nodes={name: tuple(of.get(NODES, site.nodes)) for name, of in site.workloads.items()},
        )

    def lacks(self, site: SiteSpec) -> Iterator[Lack]:
        """What does not fit at `site`; equal sites are compared once."""
        load = self.of(site)
        shape = repr((site.airgap, load.rooms, load.nodes))
        if shape not in self._lacks:
            self._lacks[shape] = load.lacks()
        return (replace(lack, site=site.name) for lack in self._lacks[shape])

    def _of_workload(self, site: SiteSpec, name: str) -> tuple[Load, ...]:
        key = (name, site.airgap)
        if key not in self._loads:
            self._loads[key] = tuple(loads(objects_of_entry(site.workloads[name], place_of(site, name))))
        return self._loads[key]


def room(node: Node) -> Room:
    """What `node` has, and what k3s, the system and its payload take of it."""
    data = node.hardware.data_disk
    return Room(
        whole=Demand(cpu=node.cpus * 1000, memory=node.memory, disk=node.disk),
        taken={
            "k3s": runtime_of(node).minimum.taken,
            "system": Demand(disk=SYSTEM),
            "payload": Demand(disk=sum(file.size for file in node.payload)),
            "kept free": Demand(disk=node.disk // KEPT_FREE),
        },
        has_disk=data is None or not STORAGE.is_relative_to(data.path),
    )
