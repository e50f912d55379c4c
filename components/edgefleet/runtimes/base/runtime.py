"""`Runtime`: one object for each node runtime, with all its properties."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from edgefleet.errors import Problem
from edgefleet.model.firstboot import Secret, Step, Target
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Node, RuntimeName, SiteSpec
from edgefleet.workloads.claims import Claims
from edgefleet.workloads.demand import Demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """The smallest hardware that a runtime works on, and what it takes of any itself."""

    cpus: int
    """Cores."""
    memory: int
    """Bytes."""
    words: str
    """``2 cores and 2 GB``."""
    taken: Demand
    """What workloads do not get."""
    each: Demand = field(default_factory=Demand)
    """What it takes besides for each container."""

    def holds_for(self, cpus: int, memory: int) -> bool:
        """Whether a node with so many cores and bytes of memory is large enough."""
        return cpus >= self.cpus and memory >= self.memory


def _nothing(*_: object) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The software that runs workloads on a node."""

    name: RuntimeName
    """As fleet files write it."""
    title: str
    """Its name in a sentence: ``a server``."""
    product: str
    """The program's name in a sentence: ``k3s``."""
    is_k3s: bool = False
    """Whether it is k3s: what a fleet file says of k3s holds for its nodes."""
    has_pod_network: bool = False
    """Whether containers have a network of their own, behind interfaces of the node."""
    takes_modules: bool = True
    """Whether an image may be a module without a file system, where its runtime for modules takes it."""
    runs_api: bool
    """Whether it runs the site's Kubernetes API."""
    unit: str
    """Name of its systemd unit."""
    beside: tuple[str, ...] = ()
    """Names of the units that it works with, and that have data of the node as well."""
    program: str
    """Path of its program."""
    images: str
    """Folder in which it finds the archives of container images that an air-gapped node carries."""
    volumes: str
    """Folder with the volumes of workloads."""
    heal: str = "heal/heal.sh.j2"
    """Template of the script that keeps it healthy."""
    kubeconfig: str = ""
    """Path of the login with which the node may see itself in its cluster; empty without one."""
    watches: Literal["", "cluster", "pods", "containers"] = ""
    """By what a node finds out which workloads are not ready: what its cluster has, its own Pods, or its
    containers; empty where the hub alone knows (``templates/channel/workloads.sh.j2``)."""
    installer: str
    """Name of the unit that installs it."""
    starts: tuple[str, ...]
    """Names of the units that wait for the payload of an air-gapped node."""
    minimum: Minimum
    healthy_within: int
    """Seconds from its start until it is healthy, on a fast disk."""
    configure: Callable[[Target], Step]
    """Its configuration, before it is installed."""
    install: Callable[[Target], Step]
    """Its programs and units, and its start."""
    downloads: Callable[[SiteSpec, Node], tuple[Requirement, ...]] = _nothing
    """The files that a node with a link downloads, pinned by the artifacts lock."""
    carries: Callable[[SiteSpec, Node], tuple[Requirement, ...]] = _nothing
    """The files in the image of an air-gapped node."""
    packages: tuple[str, ...] = ()
    """The Debian packages that it consists of; empty where edgefleet brings its programs."""
    opens: Callable[[SiteSpec], Iterable[tuple[str, str]]] = _nothing
    """(protocol, ports) at which its workloads are reached at the node itself."""
    secrets: Callable[[SiteSpec, str], Iterable[Secret]] = _nothing
    """The secrets of a site that it derives from its key; runtimes of one product share one list."""
    check: Callable[[SiteSpec], Iterator[Problem]]
    """The problems of a site with it; runtimes of one product share one check, which runs once per site."""
    check_claims: Callable[[SiteSpec, Mapping[str, Claims]], Iterator[Problem]]
    """The problems of what workloads, by name, claim of a site with it; paths are those of a site's spec."""
