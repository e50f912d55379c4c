"""What the workloads of a site take of its nodes, beside runtime and system, and what does not fit. Pure.

On a site of several nodes, Pods that may run on the same nodes fit where their sum does, and where each node
has room for its daemons and some node for the largest Pod.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import Literal, get_args

from edgefleet.fleetfile.artifacts_lock import EMPTY, ArtifactsLock
from edgefleet.model.site import Node, SiteSpec
from edgefleet.runtimes import runtime_of
from edgefleet.workloads.composing import (
    NODES,
    Images,
    Likeness,
    at_site,
    likeness,
    taints,
    workloads_on,
)
from edgefleet.workloads.demand import Demand, Load, largest, loads

SYSTEM = 4 * 1000**3
"""Bytes of the disk that the base system takes (Debian GNU/Linux Installation Guide, 3.4, no desktop)."""
KEPT_FREE = 20
"""Of so many parts of the disk one stays free, else k3s evicts Pods (k3s, pkg/daemons/agent)."""
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
    """What workloads, the runtime and the system take of a site's nodes."""

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

    def without(self, node: str) -> "SiteLoad":
        """The site when `node` is lost, and with it the workloads that run nowhere else."""
        nodes = {name: tuple(one for one in of if one != node) for name, of in self.nodes.items()}
        left = {name: of for name, of in nodes.items() if of}
        return SiteLoad(
            site=self.site,
            rooms={name: room for name, room in self.rooms.items() if name != node},
            loads={name: self.loads[name] for name in left},
            nodes=left,
        )

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

    A workload takes the same at all sites where it is alike (`edgefleet.workloads.composing.likeness`): its
    objects are looked at once for these.

    Args:
        lock: has the sizes of container images, as far as they are known.
    """

    def __init__(self, lock: ArtifactsLock = EMPTY) -> None:
        self._sizes = lock.get("images", {})
        self._images = Images()
        self._loads: dict[Likeness, tuple[Load, ...]] = {}
        self._lacks: dict[str, tuple[Lack, ...]] = {}

    def of(self, site: SiteSpec) -> SiteLoad:
        """The workloads of `site`, and its nodes."""
        loads = {name: self._of_workload(site, name) for name in site.workloads}
        return SiteLoad(
            site=site.name,
            rooms={
                name: room(
                    node,
                    self._size_of_images(site, name),
                    sum(load.containers for of in workloads_on(site, name) for load in loads[of]),
                )
                for name, node in site.nodes.items()
            },
            loads=loads,
            nodes={name: _nodes(site, name, of) for name, of in loads.items()},
        )

    def _size_of_images(self, site: SiteSpec, name: str) -> int:
        """Bytes of the images that a node unpacks, as far as they are known; each counts once."""
        node = site.nodes[name]
        if not self._sizes:
            return 0
        images = {image for of in workloads_on(site, name) for image in self._images.of(site, of, node)}
        known = (self._sizes.get(image, {}).get(node.arch) for image in images)
        return sum(image["size"] for image in known if image is not None)

    def lacks(self, site: SiteSpec) -> Iterator[Lack]:
        """What does not fit at `site`; equal sites are compared once."""
        load = self.of(site)
        shape = repr((load.rooms, load.nodes, [likeness(site, name) for name in site.workloads]))
        if shape not in self._lacks:
            self._lacks[shape] = load.lacks()
        return (replace(lack, site=site.name) for lack in self._lacks[shape])

    def _of_workload(self, site: SiteSpec, name: str) -> tuple[Load, ...]:
        key = likeness(site, name)
        if key not in self._loads:
            self._loads[key] = tuple(loads(at_site(site, name)))
        return self._loads[key]


def _nodes(site: SiteSpec, workload: str, loads: Sequence[Load]) -> tuple[str, ...]:
    """The nodes that may run all Pods of a workload; those placed where taints keep it from each."""
    placed = tuple(site.workloads[workload].get(NODES, site.nodes))
    of = tuple(name for name in placed if all(load.runs_with(taints(site.nodes[name])) for load in loads))
    return of or placed


def room(node: Node, images: int = 0, containers: int = 0) -> Room:
    """What `node` has, and what runtime, system, payload and unpacked container images take of it."""
    data, runtime = node.hardware.data_disk, runtime_of(node)
    return Room(
        whole=Demand(cpu=node.cpus * 1000, memory=node.memory, disk=node.disk),
        taken={
            runtime.product: runtime.minimum.taken + runtime.minimum.each * containers,
            "system": Demand(disk=SYSTEM),
            "payload": Demand(disk=sum(file.size for file in node.payload)),
            "images": Demand(disk=images),
            "kept free": Demand(disk=node.disk // KEPT_FREE),
        },
        has_disk=data is None or not PurePosixPath(runtime.volumes).is_relative_to(data.path),
    )
