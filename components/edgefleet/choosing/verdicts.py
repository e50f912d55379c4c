"""What one choice would mean for one site: what it takes, what it leaves, and what keeps it out. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from edgefleet.choosing.figures import Choice
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Node, SiteSpec
from edgefleet.model.syntax import few
from edgefleet.runtimes import RUNTIMES, runtime_of
from edgefleet.runtimes.base.k3s_cluster import servers_of
from edgefleet.runtimes.base.runtime import Minimum
from edgefleet.site.capacity import described, gigabytes
from edgefleet.site.load import Room, SiteLoad, total
from edgefleet.workloads.claims import claims_of
from edgefleet.workloads.composing import at_site, workloads_on
from edgefleet.workloads.demand import Demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a site is to run, and where."""

    site: SiteSpec
    load: SiteLoad
    kinds: Mapping[str, str]
    """dict[kind -> the workload that is of it, or ``--for``]."""
    has_hub: bool
    """Whether the region has a cluster that nodes can join."""
    lock: ArtifactsLock
    """Has the sizes of what images of air-gapped nodes carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One choice at one site."""

    name: str
    is_set_up: bool
    """Whether this edgefleet sets it up."""
    is_current: bool
    """Whether the fleet file has it."""
    takes: Demand
    """What it takes of all nodes, as far as that is known."""
    left: Demand | None
    """What it leaves to workloads beside system and payload; `None` where what it takes is not known."""
    spare: Demand | None
    """What is left of that beside the workloads of the site."""
    image_bytes: int | None
    """What it adds to the images of air-gapped nodes; `None` where the artifacts lock does not have it."""
    obstacles: tuple[str, ...]
    """Why the site cannot have it."""

    @property
    def fits(self) -> bool:
        """Whether the site can have it."""
        return not self.obstacles


def verdict(name: str, choices: Mapping[str, Choice], asked: Asked) -> Verdict:
    """What the choice `name` means for a site."""
    choice = choices[name]
    needed = _minimum(name, choice)
    able = _able(choice, needed, asked.site)
    parts = {**_parts(name, choice, able, asked.site), **_beside(name, choices, asked.site)}
    rooms = {
        node: _room(asked, node, name, _taken(choices, part, asked, node)) for node, part in parts.items()
    }
    is_known = name in RUNTIMES or choice.taken_memory.amount is not None
    load = replace(asked.load, rooms=rooms)
    left = total({node: room.left for node, room in rooms.items()})
    used = Demand(**{of: sum(load.taken(frozenset(rooms), of).values()) for of in ("cpu", "memory", "disk")})
    obstacles = [*_obstacles(choice, needed, able, asked)]
    if not obstacles and is_known:
        obstacles = [*_refusals(parts, asked.site), *(described(lack) for lack in load.lacks())]
        obstacles = obstacles or [*_overfull(rooms)]
    return Verdict(
        name=name,
        is_set_up=name in RUNTIMES,
        is_current=name == current(choices, asked.site),
        takes=total({node: _taken(choices, part, asked, node) for node, part in parts.items()}),
        left=left if is_known else None,
        spare=left + used * -1 if is_known else None,
        image_bytes=_image_bytes(parts, asked),
        obstacles=tuple(obstacles),
    )


def current(choices: Mapping[str, Choice], site: SiteSpec) -> str | None:
    """The choice that the fleet file has for a site; `None` for a mixture that is none of them."""
    names = {node.runtime for node in site.nodes.values()}
    leading = [
        name
        for name in choices
        if name in names and not names - {name, choices[name].others, *_beside(name, choices, site).values()}
    ]
    return leading[0] if leading else None


def _minimum(name: str, choice: Choice) -> Minimum:
    """The smallest node, by the runtime itself where edgefleet sets it up."""
    if name in RUNTIMES:
        return RUNTIMES[name].minimum
    cpus, memory = (choice.cpus.amount or 0) // 1000, choice.memory.amount or 0
    parts = [f"{cpus} core{'s'[: cpus > 1]}"] if cpus else []
    parts += [gigabytes(memory)] if memory else []
    return Minimum(cpus=cpus, memory=memory, words=" and ".join(parts), taken=choice.taken)


def _able(choice: Choice, needed: Minimum, site: SiteSpec) -> list[str]:
    """The nodes that could lead with it, those that lead now first."""
    ordered = dict.fromkeys([*servers_of(site), *site.nodes])
    return [name for name in ordered if _is_able(site.nodes[name], choice, needed)]


def _is_able(node: Node, choice: Choice, needed: Minimum) -> bool:
    is_worn = node.storage in choice.refuses_storage and node.hardware.data_disk is None
    is_large = node.cpus >= needed.cpus and node.memory >= needed.memory
    return is_large and not is_worn and node.arch in choice.archs


def _parts(name: str, choice: Choice, able: Sequence[str], site: SiteSpec) -> dict[str, str]:
    """dict[node -> name of the choice that it runs]."""
    leads = set((*able, *site.nodes)[: choice.leads])
    return {node: name if node in leads or choice.others is None else choice.others for node in site.nodes}


def _beside(name: str, choices: Mapping[str, Choice], site: SiteSpec) -> dict[str, str]:
    """dict[node -> its runtime] of those that stay what they are beside a server."""
    has_server = name in RUNTIMES and RUNTIMES[name].runs_api
    beside = {other for other, choice in choices.items() if choice.beside_server and has_server}
    return {node: spec.runtime for node, spec in site.nodes.items() if spec.runtime in beside}


def _taken(choices: Mapping[str, Choice], part: str, asked: Asked, node: str) -> Demand:
    """What a node's part takes, by the runtime itself where edgefleet sets it up."""
    if part not in RUNTIMES:
        return choices[part].taken
    minimum = RUNTIMES[part].minimum
    return minimum.taken + minimum.each * len([*workloads_on(asked.site, node)])


def _room(asked: Asked, node: str, name: str, taken: Demand) -> Room:
    """A node with this choice in the place of its runtime."""
    room = asked.load.rooms[node]
    present = runtime_of(asked.site.nodes[node]).product
    rest = {what: demand for what, demand in room.taken.items() if what != present}
    return replace(room, taken={name: taken, **rest})


def _overfull(rooms: Mapping[str, Room]) -> Iterator[str]:
    """Nodes whose disk has no room for it and the system, whatever runs there."""
    for name, room in rooms.items():
        if room.has_disk and room.left.disk < 0:
            disk = gigabytes(total(room.taken).disk)
            yield f"it and the system take {disk} of disk, and {name} has {gigabytes(room.whole.disk)}"


def _image_bytes(parts: Mapping[str, str], asked: Asked) -> int | None:
    """The sizes of all files that runtimes of the nodes carry; `None` where one of them is not known."""
    sizes: list[int | None] = []
    for node, part in parts.items():
        if part not in RUNTIMES:
            return None
        sizes += [_size(of, asked.lock) for of in RUNTIMES[part].carries(asked.site, asked.site.nodes[node])]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _size(of: Requirement, lock: ArtifactsLock) -> int | None:
    asset = lock.get("k3s", {}).get(of.version, {}).get(of.name)
    image = lock.get("images", {}).get(of.name, {}).get(of.arch)
    return asset.get("size") if asset is not None else image["size"] if image is not None else None


def _obstacles(choice: Choice, needed: Minimum, able: Sequence[str], asked: Asked) -> Iterator[str]:
    site = asked.site
    yield from _of_nodes(choice, needed, able, site)
    if choice.needs_hub and not asked.has_hub and site.k3s.server is None:
        yield "joins the hub's cluster, and the region has none"
    if site.link.class_ not in choice.links:
        yield f"needs a link that is {' or '.join(choice.links)}, and this one is {site.link.class_}"
    refused = [kind for kind in asked.kinds if choice.runs is not None and kind not in choice.runs]
    if refused:
        yield f"does not run the kind{'s'[: len(refused) > 1]} {few(refused)}"
    if choice.beside_server:
        yield "joins a server of its own site, so other nodes have to run k3s"


def _refusals(parts: Mapping[str, str], site: SiteSpec) -> list[str]:
    """What runtimes that edgefleet sets up refuse of the workloads, were they those of the site."""
    if not site.workloads or not RUNTIMES.keys() >= {*parts.values()}:
        return []
    nodes = {name: replace(node, runtime=RUNTIMES[parts[name]].name) for name, node in site.nodes.items()}
    meant = replace(site, nodes=nodes)
    claims = {name: claims_of(at_site(meant, name)) for name in sorted(site.workloads)}
    checks = dict.fromkeys(RUNTIMES[part].check_claims for part in parts.values())
    problems = (problem for check in checks for problem in check(meant, claims))
    return [*dict.fromkeys(f"{problem.path}: {problem.problem}" for problem in problems)]


def _of_nodes(choice: Choice, needed: Minimum, able: Sequence[str], site: SiteSpec) -> Iterator[str]:
    if choice.most_nodes is not None and len(site.nodes) > choice.most_nodes:
        yield f"is for sites of one node, and this one has {len(site.nodes)}"
    if len(able) >= choice.leads:
        return
    nodes = [*site.nodes.values()]
    if choice.leads > 1:
        disks = f", not on {' or '.join(choice.refuses_storage)}" if choice.refuses_storage else ""
        yield f"needs {choice.leads} nodes of {needed.words}{disks}, and there {_count(able)}"
    elif all(node.arch not in choice.archs for node in nodes):
        yield f"is not built for {few(sorted({node.arch for node in nodes}))}"
    else:
        largest = max(nodes, key=lambda node: (node.memory, node.cpus))
        has = f"{largest.cpus} core{'s'[: largest.cpus > 1]} and {largest.memory / 1000**3:.2f} GB"
        yield f"needs {needed.words}, and the largest node has {has}"


def _count(able: Sequence[str]) -> str:
    return "is 1" if len(able) == 1 else f"are {len(able)}" if able else "is none"
