"""What a site of nodes without an orchestrator cannot have, and what its workloads cannot. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from edgefleet.errors import Problem
from edgefleet.model.paths import format_path
from edgefleet.model.site import K3s, SiteSpec
from edgefleet.model.spec import outside_name
from edgefleet.runtimes.base import container_registries, containers
from edgefleet.runtimes.base.k3s_claims import path_of
from edgefleet.runtimes.base.k3s_registries import check_registries
from edgefleet.workloads.base.kind import Object
from edgefleet.workloads.base.modules import handlers_of
from edgefleet.workloads.base.objects import CLUSTER
from edgefleet.workloads.claims import Claims
from edgefleet.workloads.composing import KIND, handlers, objects_of_entry, place_of

KINDS = ("cache", "function", "gateway", "payload", "session", "stream", "web")
"""Kinds of workloads that a node without an orchestrator runs."""
_ELSEWHERE = "let where choose nodes with k3s"


def check(site: SiteSpec) -> Iterator[Problem]:
    """Settings of a site that such nodes do not have; paths are those of its spec."""
    if len(site.nodes) > 1:
        problem = "nodes with containerd do not know each other, and nothing moves a workload between them"
        hint = "make each of them a site of its own, or give all of them runtimes of k3s"
        yield Problem.of_value("nodes", "lone-node", problem, hint)
    yield from (_without_k3s(path) for path in set_for_k3s(site, ("taints", "annotations")))
    yield from check_registries(site)
    yield from container_registries.check(site)


def set_for_k3s(site: SiteSpec, keys: Sequence[str]) -> Iterator[str]:
    """Paths of what a site without k3s sets for k3s, and of `keys` of its nodes."""
    for field in fields(K3s):
        if getattr(site.k3s, field.name) != getattr(K3s(), field.name):
            yield f"k3s.{outside_name(field.name)}"
    for name, node in site.nodes.items():
        for key in keys:
            if getattr(node, key):
                yield format_path(("nodes", name, key))
        if node.k3s.config:
            yield format_path(("nodes", name, "k3s", "config"))


def _without_k3s(path: str) -> Problem:
    problem = "it is for nodes in a cluster, and this site runs containerd without one"
    return Problem.of_value(path, "no-cluster", problem, "remove it, or set it for sites with k3s alone")


def check_claims(site: SiteSpec, _: Mapping[str, Claims]) -> Iterator[Problem]:
    """Workloads that cannot run without an orchestrator, and ports that two of them have."""
    owners = {settings.ssh.port: "SSH" for _, settings in site.parts}
    for name, of_entry in site.workloads.items():
        if of_entry[KIND] not in KINDS:
            problem = f"a {of_entry[KIND]} needs an orchestrator, and {site.name} runs containerd without one"
            yield Problem.of_value(format_path(("workloads", name)), "needs-cluster", problem, _ELSEWHERE)
            continue
        objects = objects_of_entry(of_entry, place_of(site, name))
        yield from _of_workload(site, name, objects)
        has = {handler for node in site.nodes for handler in handlers(site, node)}
        for handler in {*handlers_of(objects)} & {*containers.HANDLERS} - has:
            problem = f"the base system of {site.name} has no {handler}"
            hint = f"add {handler} to wasm of profiles whose base system has it, or change where"
            yield Problem.of_value(path_of(site, name, "runtime"), "no-runtime", problem, hint)
        for port in containers.ports_of(objects).values():
            if (owner := owners.setdefault(port, name)) != name:
                problem = f"port {port} of {site.name} is already that of {owner}: all are at the node itself"
                path = path_of(site, name, "port")
                yield Problem.of_value(path, "duplicate-port", problem, "give each workload its own port")
        if containers.ports_of(objects) and not site.firewall.enabled:
            problem = f"without a firewall everybody reaches {name}, which listens at the node itself"
            yield Problem.of_value("firewall.enabled", "open-ports", problem, "remove it")


def _of_workload(site: SiteSpec, name: str, objects: Sequence[Object]) -> Iterator[Problem]:
    for problem, hint, field in containers.unkept(objects):
        path = path_of(site, name, *field.split("."))
        yield Problem.of_value(path, "not-kept", f"at {site.name}: {problem}", hint)
    yield from check_origin(site, name, objects)


def check_origin(site: SiteSpec, name: str, objects: Sequence[Object]) -> Iterator[Problem]:
    """A cache of another workload: nginx asks a name server, which knows no workload of such a node."""
    if "origin" in site.workloads[name] and any(CLUSTER in str(each.get("data")) for each in objects):
        problem = f"at {site.name}: nginx finds no workload of a node without a cluster by its name"
        hint = "write the address of an origin outside of the site, or let where choose nodes with k3s"
        yield Problem.of_value(path_of(site, name, "origin"), "not-kept", problem, hint)
