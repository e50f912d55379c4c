"""Container images that are not built for the processors of the nodes that would run them. Pure.

The artifacts lock states for which architectures an image is built; nothing is known of one that it lacks.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from edgefleet.errors import Problem
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.model.paths import format_path, leaves
from edgefleet.model.references import parse_reference
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Arch, SiteSpec
from edgefleet.model.syntax import few
from edgefleet.runtimes.base.k3s_manifests import manifest_images
from edgefleet.workloads.composing import Images, workloads_on

MANIFESTS = ""
"""Stands for the manifests of a site in the place of a workload."""


def image_names(sites: Iterable[SiteSpec]) -> frozenset[str]:
    """The whole names of all images that the manifests and workloads of `sites` name."""
    images = Images()
    return frozenset(name for site in sites for _, _, name in _named(site, images))


class Platforms:
    """Finds the images of sites that have no platform of a node."""

    def __init__(self, lock: ArtifactsLock) -> None:
        self._known = lock.get("platforms", {})
        self._images = Images()
        self._sites: defaultdict[tuple[str, str, Arch], dict[str, Mapping[str, Any]]] = defaultdict(dict)
        """dict[(workload, image, architecture) -> dict[site -> entry of the workload]]."""

    def lacks(self, need: Requirement) -> bool:
        """Whether `need` is an image that is known to have no platform for its node."""
        return need.kind == "image" and self._is_absent(need.name, need.arch)

    def _is_absent(self, image: str, arch: Arch) -> bool:
        return arch not in self._known.get(image, (arch,))

    def add(self, site: SiteSpec) -> None:
        """Look at the images of `site`."""
        if not self._known:
            return
        for workload, arch, image in _named(site, self._images):
            if self._is_absent(image, arch):
                entry = site.workloads.get(workload, {})
                self._sites[workload, image, arch].setdefault(site.name, entry)

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


def _named(site: SiteSpec, images: Images) -> Iterator[tuple[str, Arch, str]]:
    """(workload, architecture of a node that may run it, image) of all images of a site."""
    for name, node in site.nodes.items():
        for image in manifest_images(site):
            yield MANIFESTS, node.arch, image
        for workload in workloads_on(site, name):
            for image in images.of(site, workload, node):
                yield workload, node.arch, image


def _is_name_of(value: Any, image: str) -> bool:
    try:
        return isinstance(value, str) and str(parse_reference(value)) == image
    except ValueError:
        return False
