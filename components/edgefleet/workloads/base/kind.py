"""`Kind`: all that the rest of the program asks of one kind of workload. `Place`: where one is applied."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from edgefleet.errors import Problem
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Arch
from edgefleet.workloads.base.spec import Side, Workload

Object = dict[str, Any]
"""A Kubernetes object as plain data."""
S = TypeVar("S", bound=Workload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The cluster that a workload's objects are for. Equal places get equal objects."""

    name: str
    """Name of the workload, which is that of its namespace, too, except on nodes of the hub's cluster."""
    side: Side = "site"
    nodes: tuple[str, ...] = ()
    """Host names of the only nodes that may run it; empty where all may."""
    is_airgapped: bool = False
    site: str = ""
    """Name of the site, for kinds with `is_linked`; a workload of another kind is the same at each."""
    sites: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(site, URIs of its certificates that are not revoked) of the sites that a part at the hub serves."""
    edge: str = ""
    """Name of the site whose nodes are those of the hub's cluster: its objects are there."""
    is_needed: bool = False
    """Whether other workloads on such a node talk to it."""

    @property
    def namespace(self) -> str:
        """Namespace of all of its objects."""
        return f"{self.edge}-{self.name}" if self.edge else self.name


def _none(*_: Any) -> tuple[Any, ...]:
    return ()


def _never(_: Any) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[S]):
    """One kind of workload."""

    name: str
    """As fleet files write it."""
    spec: type[S]
    """Its fields in a fleet file."""
    objects: Callable[[S, Place], Iterable[Object]] = _none
    """Its objects in a cluster, but for the namespace; pure."""
    render: Callable[[S, Any], S] | None = None
    """What the outside world adds to it when a fleet file is read (`edgefleet.workloads.base.foreign`)."""
    cloud: Callable[[S, Place], Iterable[Object]] = _none
    """Its objects in the hub's cluster, where it runs there or has a part there."""
    has_cloud: Callable[[S], bool] = _never
    """Whether a workload has a part in the hub's cluster wherever it runs."""
    is_linked: Callable[[S], bool] = _never
    """Whether its part at the hub and those at sites know each other by name and by certificate."""
    cloud_fields: frozenset[str] = frozenset()
    """Fields, as a fleet file writes them, of the part in the hub's cluster alone: sites do not have them."""
    carries: Callable[[S, Arch], Iterable[Requirement]] = _none
    """What an air-gapped node carries besides the images of the objects."""
    check: Callable[[S], Iterable[Problem]] = _none
    """Contradictions between its fields; paths are below the workload."""
