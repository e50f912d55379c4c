"""What runs at one site: each workload with its line in the fleet file, what it takes, and what is left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.text import Text

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.quantities import written_size
from edgefleet.report.document import plain_usage
from edgefleet.report.human import counted
from edgefleet.report.layout import both_ends, wrapped
from edgefleet.report.site_changes import line_of
from edgefleet.site.capacity import cores, shares
from edgefleet.site.load import Loads, Usage
from edgefleet.workloads.claims import claims_of
from edgefleet.workloads.composing import images, objects_of
from edgefleet.workloads.demand import Demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One workload at the site."""

    name: str
    kind: str
    where: str
    """``file:line`` that declares it."""
    nodes: tuple[str, ...]
    """Nodes that may run it."""
    images: tuple[str, ...]
    hosts: tuple[str, ...]
    """Host names of its Ingresses."""
    ports: tuple[int, ...]
    """Ports that it opens at nodes."""
    takes: Demand


@dataclass(frozen=True, slots=True, kw_only=True)
class OfNode:
    """One node of the site."""

    runtime: str
    """``k3s-server``, for example."""
    k3s: str
    """Version of its runtime."""
    digest: str | None
    """Digest of its desired image, as the state has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a site runs."""

    site: str
    where: str
    """``file:line`` of the site."""
    release: str | None
    """Digest of its release, as the state has it."""
    nodes: Mapping[str, OfNode]
    running: tuple[Running, ...]
    usage: Usage


def contents(fleet: Fleet, name: str, release: str | None, digests: Mapping[str, str]) -> Contents:
    """What the site `name` of `fleet` runs; its release, and dict[node -> digest of its desired image]."""
    site = fleet.sites[name]
    load, composed = Loads(fleet.lock).of(site), objects_of(site)
    running = []
    for workload, entry in site.workloads.items():
        objects = composed.get(workload, ())
        claims = claims_of(objects)
        running.append(
            Running(
                name=workload,
                kind=entry["kind"],
                where=line_of(fleet.locate(name, f"workloads.{workload}")),
                nodes=load.nodes[workload],
                images=tuple(dict.fromkeys(images(objects))),
                hosts=tuple(dict.fromkeys(host for host, _ in claims.hosts)),
                ports=tuple(dict.fromkeys(port.number for port in claims.ports)),
                takes=load.steady[workload] + load.jobs[workload],
            )
        )
    return Contents(
        site=name,
        where=line_of(fleet.locate(name)),
        release=release,
        nodes={
            node: OfNode(runtime=of_node.runtime, k3s=site.k3s.version, digest=digests.get(node))
            for node, of_node in site.nodes.items()
        },
        running=tuple(running),
        usage=load.usage(),
    )


def lines(of: Contents) -> Iterator[Text]:
    """The site in 80 columns."""
    yield from both_ends(Text(f"{of.site}: {counted(len(of.running), 'workload')}", "bold"), of.where)
    for workload in of.running:
        yield from _workload(workload)
    if of.running:
        taken = ", ".join(f"{name} {shares(name, *share)}" for name, share in of.usage.shares.items())
        yield from wrapped(f"taken, with runtime and system: {taken}")
    for name, node in of.nodes.items():
        yield Text(f"{name}: {node.runtime} {node.k3s}".rstrip())
        yield from _indented([node.digest] if node.digest else [])
    if of.release:
        yield Text("release")
        yield from _indented([of.release])


def _workload(of: Running) -> Iterator[Text]:
    yield from both_ends(Text(f"  {of.name}  {of.kind}, on {', '.join(of.nodes)}"), of.where)
    yield from _indented(of.images)
    takes = [f"memory {written_size(of.takes.memory)}"] if of.takes.memory else []
    takes += [f"cpu {cores(of.takes.cpu)}"] if of.takes.cpu else []
    takes += [f"disk {written_size(of.takes.disk)}"] if of.takes.disk else []
    reached = [f"http://{host}" for host in of.hosts] + [f"port {port}" for port in of.ports]
    yield from _indented([", ".join(part) for part in (takes, reached) if part])


def _indented(texts: Sequence[str]) -> Iterator[Text]:
    for text in texts:
        yield from wrapped(f"      {text}")


def document(stack: str, of: Contents) -> dict[str, Any]:
    """The same as the JSON that `schema/site.schema.json` describes."""
    usage = plain_usage(of.usage)
    return {
        "stack": stack,
        "site": of.site,
        "where": of.where,
        "release": of.release,
        "nodes": {name: asdict(node) for name, node in of.nodes.items()},
        "workloads": [asdict(workload) for workload in of.running],
        "capacity": {name: share for name, share in usage.items() if name != "site"},
    }
