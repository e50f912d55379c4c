"""KubeEdge's own kinds in a fleet file: what they say of each other, and of the nodes of sites. Pure.

Paths of problems are those below the key of the hub.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from edgefleet.errors import Problem
from edgefleet.fleetfile.placement import selected
from edgefleet.fleetfile.provenance import Membership
from edgefleet.model.edge import HubKubeEdge, numbers
from edgefleet.model.edge_objects import (
    Application,
    Device,
    DeviceModel,
    ModelProperty,
    Upgrade,
    manifest_objects,
)
from edgefleet.model.kubernetes import at
from edgefleet.model.paths import Part, format_path
from edgefleet.model.programs import KUBEEDGE
from edgefleet.model.selection import Selection
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import few, nearest, shown
from edgefleet.runtimes.base.kubeedge_checks import check_release
from edgefleet.workloads.base import shapes

NUMBERS = frozenset({"int", "float", "double"})
Sites = Mapping[str, SiteSpec]
Members = Mapping[str, Membership]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeNodes:
    """The nodes that KubeEdge's kinds name, by their names in the hub's cluster."""

    groups: Mapping[str, tuple[str, ...]]
    """dict[node group -> nodes]."""
    devices: Mapping[str, str]
    """dict[device -> node]."""
    upgrades: Mapping[str, tuple[str, ...]]
    """dict[upgrade -> nodes]."""


def edge_nodes(kubeedge: HubKubeEdge, sites: Sites, members: Members) -> EdgeNodes:
    """Those that the fleet file declares, which `check` and `check_nodes` accept."""

    def names(by: Selection) -> tuple[str, ...]:
        return tuple(node for _, node in _nodes(by, sites, members))

    return EdgeNodes(
        groups={name: names(group) for name, group in kubeedge.node_groups.items()},
        devices={name: _host(device, sites[device.site]) for name, device in kubeedge.devices.items()},
        upgrades={name: names(upgrade.where) for name, upgrade in kubeedge.upgrades.items()},
    )


def selections(kubeedge: HubKubeEdge) -> Iterator[tuple[tuple[Part, ...], Selection]]:
    """(path, selection) of each that KubeEdge's kinds have."""
    for name, group in kubeedge.node_groups.items():
        yield ("kubeedge", "nodeGroups", name), group
    for name, upgrade in kubeedge.upgrades.items():
        yield ("kubeedge", "upgrades", name, "where"), upgrade.where


def _nodes(by: Selection, sites: Sites, members: Members) -> Iterator[tuple[SiteSpec, str]]:
    """(site, host name) of each node with KubeEdge for which all conditions hold."""
    for site in sites.values():
        for name in selected(by, site, members[site.name]):
            if site.nodes[name].runtime == KUBEEDGE:
                yield site, site.nodes[name].hostname


def _host(device: Device, site: SiteSpec) -> str:
    return site.nodes[device.node or next(iter(site.nodes))].hostname


def _problem(path: tuple[Part, ...], code: str, problem: str, hint: str) -> Problem:
    return Problem.of_value(format_path(("kubeedge", *path)), code, problem, hint)


def check(kubeedge: HubKubeEdge) -> Iterator[Problem]:
    """What is wrong between the kinds themselves."""
    for name, application in kubeedge.applications.items():
        yield from _of_application(name, application, kubeedge)
    for name, model in kubeedge.device_models.items():
        for key, of in model.properties.items():
            yield from _of_range(("deviceModels", name, "properties", key), of)
    for name, device in kubeedge.devices.items():
        yield from _of_device(name, device, kubeedge.device_models)
    for name, upgrade in kubeedge.upgrades.items():
        path = ("upgrades", name, "version")
        yield from check_release(upgrade.version, format_path(("kubeedge", *path)))


def _of_application(name: str, application: Application, kubeedge: HubKubeEdge) -> Iterator[Problem]:
    path = ("applications", name)
    if name == KUBEEDGE:
        yield _problem(path, "taken-name", f"{name} is CloudCore's namespace", "give it another name")
    for group in application.node_groups:
        if group not in kubeedge.node_groups:
            hint = nearest(group, kubeedge.node_groups, otherwise="add it under nodeGroups")
            problem = f"no node group is called {shown(group)}"
            yield _problem((*path, "nodeGroups", group), "unknown-node-group", problem, hint)
    yield from _of_manifests(path, application)


def _of_manifests(path: tuple[Part, ...], application: Application) -> Iterator[Problem]:
    containers: set[str] = set()
    seen: set[tuple[str, str]] = set()
    for index, text in enumerate(application.manifests):
        for document in manifest_objects((text,)):
            for each in _of_manifest(document, seen):
                yield replace(each, path=format_path(("kubeedge", *path, "manifests", index)))
            containers |= _containers(document)
    for group, overrides in application.node_groups.items():
        for container in sorted(overrides.environment.keys() - containers):
            place = (*path, "nodeGroups", group, "environment", container)
            problem = f"no Deployment has a container {container}"
            yield _problem(place, "unknown-container", problem, nearest(container, containers))


def _containers(document: Mapping[str, Any]) -> set[str]:
    """Names of the containers of a Deployment, as far as it is right."""
    found = at(document, "spec", "template", "spec", "containers")
    listed = found if isinstance(found, list) else []
    return {str(each["name"]) for each in listed if isinstance(each, dict) and "name" in each}


def _of_manifest(document: Mapping[str, Any], seen: set[tuple[str, str]]) -> Iterator[Problem]:
    """What is wrong with an object of an application."""
    kind, name = document["kind"], document["metadata"]["name"]
    called = f"{kind} {shown(name)}"
    if (kind, name) in seen:
        hint = "give each a name of its own"
        yield Problem.of_value("", "duplicate-object", f"{called} is there twice", hint)
    seen.add((kind, name))
    for each in shapes.problems(document):
        yield replace(each, problem=f"{called}: {each.path}: {each.problem}")
    if at(document, "spec", "template", "spec", "nodeSelector"):
        problem = f"{called} has a nodeSelector, and KubeEdge puts that of the node group in its place"
        yield Problem.of_value("", "own-selector", problem, "remove it, and select nodes by nodeGroups")


def _of_range(path: tuple[Part, ...], of: ModelProperty) -> Iterator[Problem]:
    limits = {"minimum": of.minimum, "maximum": of.maximum}
    if of.type not in NUMBERS:
        for key in (key for key, limit in limits.items() if limit is not None):
            hint = f"remove it, or write type: {' or '.join(sorted(NUMBERS))}"
            yield _problem((*path, key), "no-number", f"a property of type {of.type} has no {key}", hint)
    elif of.minimum is not None and of.maximum is not None and Decimal(of.minimum) > Decimal(of.maximum):
        problem = f"the maximum {of.maximum} is less than the minimum {of.minimum}"
        yield _problem((*path, "maximum"), "out-of-range", problem, f"write {of.minimum} or more")


def _of_device(name: str, device: Device, models: Mapping[str, DeviceModel]) -> Iterator[Problem]:
    path = ("devices", name)
    model = models.get(device.model)
    if model is None:
        hint = nearest(device.model, models, otherwise="add it under deviceModels")
        problem = f"no device model is called {shown(device.model)}"
        yield _problem((*path, "model"), "unknown-device-model", problem, hint)
        return
    named: list[tuple[tuple[Part, ...], str]] = [(("properties", key), key) for key in device.properties]
    for method, of in device.methods.items():
        named += [(("methods", method, "properties", at), key) for at, key in enumerate(of.properties)]
    for below, key in named:
        if key not in model.properties:
            problem = f"the model {device.model} has no property {shown(key)}"
            yield _problem((*path, *below), "unknown-property", problem, nearest(key, model.properties))
    for key, value in ((key, each.desired) for key, each in device.properties.items()):
        if value is not None and key in model.properties:
            place = (*path, "properties", key, "desired")
            yield from _of_desired(place, value, model.properties[key])


def _of_desired(path: tuple[Part, ...], value: str, of: ModelProperty) -> Iterator[Problem]:
    if of.access == "readOnly":
        hint = "remove it, or write access: readWrite in the model"
        yield _problem(path, "read-only", "the model has this property as readOnly", hint)
    elif of.type == "boolean" and value not in {"true", "false"}:
        yield _problem(path, "wrong-type", f"{shown(value)} is not a boolean", "write true or false")
    elif of.type in NUMBERS and (problem := _beyond(value, of)):
        limits = [f"{word} {limit}" for word, limit in (("from", of.minimum), ("to", of.maximum)) if limit]
        hint = " ".join(["write a number", *limits])
        yield _problem(path, "out-of-range", f"{shown(value)} {problem}", hint)


def _beyond(value: str, of: ModelProperty) -> str:
    """Why a number is none of the property; empty where it is one."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "is not a number"
    if not number.is_finite() or (of.type == "int" and number != int(number)):
        return f"is not {'a whole' if of.type == 'int' else 'a finite'} number"
    is_less = of.minimum is not None and number < Decimal(of.minimum)
    is_more = of.maximum is not None and number > Decimal(of.maximum)
    return "is out of the range of the model" if is_less or is_more else ""


def check_nodes(kubeedge: HubKubeEdge, sites: Sites, members: Members) -> Iterator[Problem]:
    """What is wrong with the nodes that the kinds name."""
    owners: dict[str, str] = {}
    for name, group in kubeedge.node_groups.items():
        path = ("nodeGroups", name)
        nodes = [node for _, node in _nodes(group, sites, members)]
        if not nodes:
            yield _nobody(path)
        if shared := [node for node in nodes if owners.setdefault(node, name) != name]:
            problem = (
                f"{few(shared)} is in the node group {owners[shared[0]]} too, and a node is in one alone"
            )
            yield _problem(path, "two-groups", problem, "select other nodes here, or there")
    for name, device in kubeedge.devices.items():
        if device.site in sites:
            yield from _of_place(("devices", name), device, sites[device.site])
    for name, upgrade in kubeedge.upgrades.items():
        yield from _of_upgrade(("upgrades", name), upgrade, [*_nodes(upgrade.where, sites, members)])


def _nobody(path: tuple[Part, ...]) -> Problem:
    problem = "no node with the runtime kubeedge satisfies all of these conditions"
    return _problem(path, "no-such-node", problem, "remove conditions, or set runtime: kubeedge for nodes")


def _of_place(path: tuple[Part, ...], device: Device, site: SiteSpec) -> Iterator[Problem]:
    if device.node is None and len(site.nodes) > 1:
        problem = f"{site.name} has the nodes {few([*site.nodes])}, and a device is at one of them"
        yield _problem(path, "no-node", problem, f"add node, such as node: {next(iter(site.nodes))}")
    elif device.node is not None and device.node not in site.nodes:
        problem = f"{site.name} has no node {shown(device.node)}"
        yield _problem((*path, "node"), "unknown-node", problem, nearest(device.node, site.nodes))
    elif (runtime := site.nodes[device.node or next(iter(site.nodes))].runtime) != KUBEEDGE:
        problem = f"{site.name} runs {runtime}, and devices of KubeEdge are at nodes with it"
        hint = f"name a site with runtime: {KUBEEDGE}"
        yield _problem((*path, "site"), "not-with-runtime", problem, hint)


def _of_upgrade(
    path: tuple[Part, ...], upgrade: Upgrade, nodes: list[tuple[SiteSpec, str]]
) -> Iterator[Problem]:
    if not nodes:
        yield _nobody(path)
    found = {site.name: site for site, _ in nodes}
    if closed := [name for name, site in found.items() if not site.kubeedge.upgradable]:
        problem = f"nodes of {few(closed)} take no jobs of the hub"
        hint = f"set kubeedge.upgradable: true for {closed[0]}, or select other sites"
        yield _problem(path, "not-upgradable", problem, hint)
    newer = [site for site in found.values() if _is_older(upgrade.version, site.kubeedge.version)]
    if newer:
        site = newer[0]
        problem = f"{site.name} has edgecore {site.kubeedge.version} already, and goes back to it at a boot"
        hint = f"write {site.kubeedge.version} or later, or select other sites"
        yield _problem((*path, "version"), "older-than-site", problem, hint)


def _is_older(version: str, than: str) -> bool:
    return bool(than) and numbers(version) < numbers(than)
