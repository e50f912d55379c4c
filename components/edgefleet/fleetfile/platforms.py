"""Container images that are not built for the processors of the nodes that would run them. Pure.

The artifacts lock states for which architectures an image is built; nothing is known of one that it lacks.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from edgefleet.errors import Problem
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.model.paths import format_path, leaves
from edgefleet.model.references import parse_reference
from edgefleet.model.site import Arch, Node, SiteSpec
from edgefleet.model.syntax import few
from edgefleet.runtimes.base.k3s_manifests import manifest_images
from edgefleet.workloads.composing import carried, workloads_on

MANIFESTS = ""
"""Stands for the manifests of a site in the place of a workload."""


def image_names(site: SiteSpec) -> set[str]:
    """The whole names of all images that the manifests and workloads of `site` name."""
    return {name for node in site.nodes for of in _images(site, node).values() for name in of}


class Platforms:
    """Finds the images of sites that have no platform of a node; equal workloads are looked at once."""

    def __init__(self, lock: ArtifactsLock) -> None:
        self._known = lock.get("platforms", {})
        self._absent: dict[tuple[str, bool, Arch], tuple[str, ...]] = {}
        self._sites: defaultdict[tuple[str, str, Arch], dict[str, Mapping[str, Any]]] = defaultdict(dict)
        """dict[(workload, image, architecture) -> dict[site -> entry of the workload]]."""

    def is_absent(self, image: str, arch: Arch) -> bool:
        """Whether the image is known to have no platform for a node."""
        return arch not in self._known.get(image, (arch,))

    def add(self, site: SiteSpec) -> None:
        """Look at the images of `site`."""
        if not self._known:
            return
        for name, node in site.nodes.items():
            for workload in (MANIFESTS, *workloads_on(site, name)):
                for image in self._of(site, workload, node):
                    entry = site.workloads.get(workload, {})
                    self._sites[workload, image, node.arch].setdefault(site.name, entry)

    def _of(self, site: SiteSpec, workload: str, node: Node) -> tuple[str, ...]:
        """The images of a workload that are absent for a node."""
        if workload == MANIFESTS:
            return tuple(name for name in manifest_images(site) if self.is_absent(name, node.arch))
        key = (workload, site.airgap, node.arch)
        if key not in self._absent:
            names = _of_workload(site, workload, node)
            self._absent[key] = tuple(name for name in names if self.is_absent(name, node.arch))
        return self._absent[key]

    def problems(self) -> Iterator[tuple[str, Problem]]:
        """(site, or empty for a path in the whole file, a problem) of each image; it names the sites."""
        for (workload, image, arch), sites in self._sites.items():
            problem = f"{image} is not built for {arch}, as nodes have at {few([*sites])}; "
            problem += f"it is for {', '.join(self._known[image]) or 'none that edgefleet knows'}"
            hint = "use an image that is built for it, or choose other nodes with where"
            first, entry = next(iter(sites.items()))
            if workload == MANIFESTS:
                yield first, Problem.of_value("k3s.manifests", "no-platform", problem, hint)
            else:
                places = (at for at, value in leaves(entry) if _is_name_of(value, image))
                path = format_path(("workloads", workload, *next(places, ())))
                yield "", Problem.of_value(path, "no-platform", problem, hint)


def _images(site: SiteSpec, node: str) -> dict[str, list[str]]:
    """dict[workload on a node -> its images]."""
    of = {name: _of_workload(site, name, site.nodes[node]) for name in workloads_on(site, node)}
    return {MANIFESTS: [*manifest_images(site)], **of}


def _of_workload(site: SiteSpec, name: str, node: Node) -> list[str]:
    return [need.name for need in carried(site, name, node) if need.kind == "image"]


def _is_name_of(value: Any, image: str) -> bool:
    try:
        return isinstance(value, str) and str(parse_reference(value)) == image
    except ValueError:
        return False
