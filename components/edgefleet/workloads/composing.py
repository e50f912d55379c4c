"""From the workloads of a site's spec to the Kubernetes objects of its cluster. Pure.

An entry is a workload as plain data, with its kind and, where only some nodes run it, their names. Equal
entries of equal places give the same objects, composed once for all sites: nobody may change them. The texts
of secrets are no part of that; they come last, into copies.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.krustlet import TAINTS
from edgefleet.model.plain_data import ByText
from edgefleet.model.programs import KRUSTLET, PROGRAMS
from edgefleet.model.references import parse_reference
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Arch, Node, SiteSpec
from edgefleet.model.spec import adapter, to_plain
from edgefleet.model.syntax import reference, secret_name
from edgefleet.workloads import KINDS
from edgefleet.workloads.base import modules, spinkube
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.edge import at_edge
from edgefleet.workloads.base.foreign import RENDERED, Foreign
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.patching import patched
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.base.spec import Composed, Workload
from edgefleet.workloads.base.values import unescaped

SHARED = "edgefleet"
"""Name of what all workloads of a cluster share; no workload has it."""
KIND, NODES, SECRETS = "kind", "nodes", "secrets"
SITE, SITES = "site", "sites"
"""Keys of entries of linked workloads: name of the site, and at the hub dict[site -> URIs] of all."""
EDGE = "edge"
"""Key of the entry at the hub of a workload on nodes of the hub's cluster at a site: its place there."""
_HIDDEN = "hidden"
Entry = Mapping[str, Any]


def needs_of(spec: Workload) -> tuple[str, ...]:
    """The names of the workloads that it talks to."""
    return spec.needs if isinstance(spec, Composed) else ()


def runs_at_hub(spec: Workload) -> bool:
    """Whether it, or a part of it, runs in the hub's cluster."""
    return spec.where.cloud or KINDS[kind_of(spec)].has_cloud(spec)


def entry(spec: Workload, nodes: Iterable[str] = ()) -> dict[str, Any]:
    """The entry of a workload: its fields without those that place it; `nodes` if only these run it."""
    of_hub = KINDS[kind_of(spec)].cloud_fields
    plain = {key: value for key, value in hub_entry(spec).items() if key not in of_hub}
    if KINDS[kind_of(spec)].is_linked(spec):
        plain[SITE] = "{site.name}"
    chosen = list(nodes)
    return plain | ({NODES: chosen} if chosen else {})


def hub_entry(spec: Workload) -> dict[str, Any]:
    """The entry of a workload at the hub."""
    plain = {KIND: kind_of(spec), **to_plain(replace(spec, where=Workload().where, residency=()))}
    if plain.get(SECRETS):
        plain[SECRETS] = {name: reference(secret) for name, secret in plain[SECRETS].items()}
    return plain


def kind_of(spec: Workload) -> str:
    """The name of the kind of a workload."""
    return next(name for name, kind in KINDS.items() if kind.spec is type(spec))


def spec_of(of_entry: Entry) -> Workload:
    """The typed workload of an entry; a secret's text is not in it.

    Raises:
        pydantic.ValidationError: it is none.
    """
    fields = {key: value for key, value in of_entry.items() if key not in {NODES, SITE, SITES, EDGE}}
    if isinstance(texts := fields.get(SECRETS), dict):
        fields[SECRETS] = {name: secret_name(str(text)) or _HIDDEN for name, text in texts.items()}
    spec: Workload = adapter(KINDS[of_entry[KIND]].spec).validate_python(fields)
    return unescaped(spec) if "{{" in str(fields) else spec


def place(name: str, of_entry: Entry, hosts: Mapping[str, str], *, is_airgapped: bool) -> Place:
    """The place of a workload at a site; `hosts` is dict[node -> host name]."""
    chosen = tuple(hosts[node] for node in of_entry.get(NODES, ()))
    return Place(name=name, nodes=chosen, is_airgapped=is_airgapped, site=of_entry.get(SITE, ""))


def hub_place(name: str, of_entry: Entry) -> Place:
    """The place of a workload in the hub's cluster."""
    if EDGE in of_entry:
        return Place(**{**of_entry[EDGE], NODES: tuple(of_entry[EDGE][NODES])})
    sites = tuple((site, tuple(uris)) for site, uris in sorted(of_entry.get(SITES, {}).items()))
    return Place(name=name, side="hub", sites=sites)


def place_of(site: SiteSpec, name: str) -> Place:
    """The place of a workload at a site."""
    hosts = {node: of_node.hostname for node, of_node in site.nodes.items()}
    own = place(name, site.workloads[name], hosts, is_airgapped=site.airgap)
    if not site.joins_hub:
        return own
    is_needed = any(name in other.get("needs", ()) for other in site.workloads.values())
    return replace(own, edge=site.name, is_needed=is_needed)


def at_site(site: SiteSpec, name: str) -> tuple[Object, ...]:
    """The objects of a workload as at any site, wherever its nodes get them from."""
    return objects_of_entry(site.workloads[name], replace(place_of(site, name), edge=""))


def workloads_on(site: SiteSpec, node: str) -> Iterator[str]:
    """The workloads of `site` that may run on its node `node`."""
    return (name for name, of_entry in site.workloads.items() if node in of_entry.get(NODES, (node,)))


def handlers(site: SiteSpec, node: str) -> tuple[str, ...]:
    """The handlers of WebAssembly on a node of `site`, sorted.

    Those of its base system, and shims that its image carries for its workloads; Krustlet is its own.
    """
    if site.nodes[node].runtime == KRUSTLET:
        return (KRUSTLET,)
    carried = (site.workloads[name].get("runtime") for name in workloads_on(site, node) if site.airgap)
    shims = {runtime["name"] for runtime in carried if runtime} & PROGRAMS.keys()
    return tuple(sorted({*site.nodes[node].wasm, *shims}))


def taints(node: Node) -> tuple[str, ...]:
    """The taints of a node: its own, and those that Krustlet sets."""
    return (*node.taints, *(TAINTS if node.runtime == KRUSTLET else ()))


def objects_of(site: SiteSpec) -> dict[str, tuple[Object, ...]]:
    """dict[workload -> its objects] of a site's cluster, sorted, `SHARED` first; empty without workloads.

    Where the spec refers to a secret, a Secret has the reference.
    """
    return _shared(
        {name: objects_of_entry(site.workloads[name], place_of(site, name)) for name in site.workloads}
    )


def hub_objects_of(entries: Mapping[str, Entry]) -> dict[str, tuple[Object, ...]]:
    """`objects_of` the hub's cluster, of dict[workload -> its entry there]."""
    return _shared({name: objects_of_entry(of_it, hub_place(name, of_it)) for name, of_it in entries.items()})


def _shared(all_of: dict[str, tuple[Object, ...]]) -> dict[str, tuple[Object, ...]]:
    return {SHARED: (of.priority_class(),), **dict(sorted(all_of.items()))} if any(all_of.values()) else {}


def objects_of_entry(of_entry: Entry, place: Place) -> tuple[Object, ...]:
    """The objects of one workload."""
    texts = of_entry.get(SECRETS) or {}
    objects = composed(ByText.of(_without_texts(of_entry)), place)
    if not texts:
        return objects
    return tuple(
        each | {"stringData": {**each["stringData"], **texts}}
        if each["kind"] == "Secret" and each["metadata"]["name"] == place.name
        else each
        for each in objects
    )


def _without_texts(of_entry: Entry) -> Entry:
    texts = of_entry.get(SECRETS)
    return {**of_entry, SECRETS: dict.fromkeys(texts, f"{{secret: {_HIDDEN}}}")} if texts else of_entry


@lru_cache(8192)
def composed(of_entry: ByText, place: Place) -> tuple[Object, ...]:
    """The objects of an entry, without the texts of secrets, at a place."""
    spec = spec_of(of_entry.value)
    objects = patched(unpatched(spec, place), spec.patches if isinstance(spec, Composed) else ())
    return tuple(at_edge(objects, place, needs_of(spec)) if place.edge else objects)


def unpatched(spec: Workload, place: Place) -> list[Object]:
    """The objects of a workload at a place before its patches."""
    kind = KINDS[kind_of(spec)]
    objects = [*(kind.objects if place.side == "site" else kind.cloud)(spec, place)]
    is_app = any(each["apiVersion"] == spinkube.API for each in objects)
    level = spec.security if isinstance(spec, Foreign) else spinkube.LEVEL if is_app else "restricted"
    runtime = modules.runtime_of(spec)
    if runtime is not None and objects and not is_app:
        objects.insert(0, modules.runtime_class(place, runtime))
    return [of.namespace(place, needs_of(spec), level=level), *objects] if objects else []


def certified(objects: Iterable[Object], texts: Callable[[Object], Mapping[str, Any]]) -> Iterator[Object]:
    """`objects` with the `texts` of their certificates, dict[key of a Secret -> text], in those Secrets."""
    for each in objects:
        is_one = each["kind"] == "Secret" and each.get("type") == of.CERTIFICATE
        yield each | {"stringData": texts(each)} if is_one else each


def text_of(objects: Iterable[Object]) -> str:
    """`objects` as YAML documents, the bytes of a manifest."""
    return "---\n".join(
        to_yaml(each) if each["kind"] == "Secret" else _document(ByText(json.dumps(each))) for each in objects
    )


@lru_cache(4096)
def _document(of_object: ByText) -> str:
    """The YAML of an object that is no Secret, keys in their order; most are the same at each site."""
    return to_yaml(of_object.value)


def texts_of(site: SiteSpec, certificate: Callable[[Object], Mapping[str, str]]) -> dict[str, str]:
    """`objects_of` as YAML, dict[workload -> text], without workloads that have none; see `certified`."""
    texts = {
        name: text
        for name in sorted(site.workloads)
        if (text := _text_of_entry(site.workloads[name], place_of(site, name), certificate))
    }
    return {SHARED: text_of([of.priority_class()]), **texts} if texts else {}


def _text_of_entry(of_entry: Entry, place: Place, certificate: Callable[[Object], Mapping[str, str]]) -> str:
    if SITE in of_entry or of_entry.get(SECRETS):
        return text_of(certified(objects_of_entry(of_entry, place), certificate))
    return _text(ByText.of(of_entry), place)


@lru_cache(1024)
def _text(of_entry: ByText, place: Place) -> str:
    """The text of an entry without secrets; most sites have most of them alike."""
    return text_of(composed(of_entry, place))


def images(objects: Iterable[Object]) -> Iterator[str]:
    """The container images of the Pods of `objects`."""
    for each in objects:
        pod = pod_of(each)
        for container in (*(pod.get("initContainers") or ()), *pod["containers"]) if pod else ():
            yield container["image"]


def carried(site: SiteSpec, name: str, node: Node) -> Iterator[Requirement]:
    """What an air-gapped node carries for the workload `name` of its site, which may run there."""
    of_entry = site.workloads[name]
    for image in images(objects_of_entry(of_entry, place_of(site, name))):
        yield Requirement.image(str(parse_reference(image)), node.arch)
    spec = spec_of(of_entry)
    yield from modules.carried(modules.runtime_of(spec), node.arch)
    yield from KINDS[of_entry[KIND]].carries(spec, node.arch)


Likeness = tuple[str, bool, str]


def likeness(site: SiteSpec, name: str) -> Likeness:
    """What tells a workload of a fleet's sites apart from itself where more than texts of its objects differ.

    Values of a site stand in texts alone, but for those in patches, and in objects that are rendered.
    """
    return name, site.airgap, repr([site.workloads[name].get(key) for key in (RENDERED, "patches")])


class Images:
    """The container images of the workloads of a fleet's sites; those that are alike are looked at once."""

    def __init__(self) -> None:
        self._names: dict[tuple[Likeness, Arch], tuple[str, ...]] = {}

    def of(self, site: SiteSpec, name: str, node: Node) -> tuple[str, ...]:
        """The whole names of the images of the workload `name` of a site, which may run on `node`."""
        key = (likeness(site, name), node.arch)
        if key not in self._names:
            needs = carried(site, name, node)
            self._names[key] = tuple(need.name for need in needs if need.kind == "image")
        return self._names[key]
