"""Workloads on nodes of the hub's cluster that are at sites: their entries at the hub, and at nodes. Pure.

The spec of such a site has its workloads as any other's: they are placed, checked and counted there. Their
objects are in the hub's cluster, one namespace for each workload and site; the images of the nodes have none
of them, nor their secrets.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from edgefleet.model.references import parse_reference
from edgefleet.model.site import SiteSpec
from edgefleet.workloads.composing import EDGE, KIND, NODES, Entry, images, objects_of_entry, place_of
from edgefleet.workloads.payload import KIND as PAYLOAD


def entries(site: SiteSpec) -> Iterator[tuple[str, dict[str, Any]]]:
    """(namespace, entry in the hub's cluster) of each workload of `site` with objects there."""
    for name, of_entry in site.workloads.items() if site.joins_hub else ():
        own = place_of(site, name)
        if objects_of_entry(of_entry, own):
            place = {
                "name": name,
                NODES: [*own.nodes],
                "is_airgapped": own.is_airgapped,
                "edge": own.edge,
                "is_needed": own.is_needed,
            }
            yield own.namespace, {**_without_nodes(of_entry), EDGE: place}


def name_of(namespace: str, of_entry: Entry) -> str:
    """The name in the fleet file of the workload with an entry at the hub, which is there as `namespace`."""
    name: str = of_entry.get(EDGE, {}).get("name", namespace)
    return name


def at_nodes(site: SiteSpec) -> SiteSpec:
    """`site` as its nodes have it: of workloads of the hub's cluster, what air-gapped nodes carry."""
    if not site.joins_hub:
        return site
    workloads = {
        name: of_entry if of_entry[KIND] == PAYLOAD.name else _carried(site, name)
        for name, of_entry in site.workloads.items()
        if site.airgap or of_entry[KIND] == PAYLOAD.name
    }
    return replace(site, workloads=workloads)


def _without_nodes(of_entry: Entry) -> dict[str, Any]:
    return {key: value for key, value in of_entry.items() if key != NODES}


def _carried(site: SiteSpec, name: str) -> dict[str, Any]:
    """The entry of a payload that is carried for a workload."""
    of_entry = site.workloads[name]
    names = {str(parse_reference(each)) for each in images(objects_of_entry(of_entry, place_of(site, name)))}
    kept = {key: of_entry[key] for key in (NODES, "runtime") if key in of_entry}
    return {KIND: PAYLOAD.name, "images": sorted(names), **kept}
