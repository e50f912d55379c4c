"""What the Pods of a workload take of nodes, from its objects. Pure.

A Pod takes its requests: the sum of its containers, or its largest init container where that is more; a
container without a request has its limit (Kubernetes docs, concepts/configuration/manage-resources-containers
and concepts/workloads/pods/init-containers). Of disks it takes the sizes of its volume claims, and the limits
of its folders on the node's disk (`emptyDir`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from edgefleet.model.quantities import amount
from edgefleet.workloads.base.kind import Object
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.claims import Toleration, of_classes, tolerations_of

JOBS = frozenset({"Job", "CronJob"})
_COUNTED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "SpinApp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Amounts of what nodes have."""

    cpu: int = 0
    """Thousandths of a core."""
    memory: int = 0
    """Bytes."""
    disk: int = 0
    """Bytes."""

    def __add__(self, other: "Demand") -> "Demand":
        return Demand(
            cpu=self.cpu + other.cpu, memory=self.memory + other.memory, disk=self.disk + other.disk
        )

    def __mul__(self, times: int) -> "Demand":
        return Demand(cpu=self.cpu * times, memory=self.memory * times, disk=self.disk * times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The Pods of one object."""

    pod: Demand
    """What one Pod takes."""
    count: int = 1
    """How many there are."""
    containers: int = 1
    """How many containers of a Pod run at a time."""
    shared: int = 0
    """Bytes of the volumes that all of them mount."""
    is_everywhere: bool = False
    """Whether each node runs one of them."""
    is_job: bool = False
    """Whether they end: of all jobs only one runs at a time."""
    tolerations: tuple[Toleration, ...] = ()

    def runs_with(self, taints: Iterable[str]) -> bool:
        """Whether its Pods may run on a node with `taints`; a preference keeps none away."""
        kept_away = (taint for taint in taints if not taint.endswith(":PreferNoSchedule"))
        return all(any(each.covers(taint) for each in self.tolerations) for taint in kept_away)

    @property
    def first(self) -> Demand:
        """What its first Pod takes."""
        return self.pod + Demand(disk=self.shared)

    @property
    def all(self) -> Demand:
        """What all of its Pods take, where one node is everywhere."""
        return self.pod * self.count + Demand(disk=self.shared)


def loads(objects: Sequence[Object]) -> Iterator[Load]:
    """The Pods of `objects`; a volume claim that several mount counts once."""
    claims = {
        each["metadata"]["name"]: _storage(each["spec"])
        for each in objects
        if each["kind"] == "PersistentVolumeClaim"
    }
    for each in objects:
        pod = pod_of(each)
        if pod is None:
            continue
        mounted = (
            (volume.get("persistentVolumeClaim") or {}).get("claimName") for volume in _list(pod, "volumes")
        )
        shared = sum(claims.pop(name, 0) for name in mounted)
        templates = _list(each["spec"], "volumeClaimTemplates") if each["kind"] in _COUNTED else ()
        own = sum(_storage(claim["spec"]) for claim in templates)
        own += sum(_limit(volume.get("emptyDir") or {}) for volume in _list(pod, "volumes"))
        yield Load(
            pod=_of_pod(pod) + Demand(disk=own),
            shared=shared,
            count=_count(each),
            containers=len(_list(pod, "containers")),
            is_everywhere=each["kind"] == "DaemonSet",
            is_job=each["kind"] in JOBS,
            tolerations=(*tolerations_of(pod), *of_classes(objects)),
        )


def _count(of: Object) -> int:
    count: int | None = of["spec"].get("replicas") if of["kind"] in _COUNTED else None
    return 1 if count is None else count


def largest(*of: Demand) -> Demand:
    """The largest amount of each; nothing of none."""
    return Demand(
        cpu=max((each.cpu for each in of), default=0),
        memory=max((each.memory for each in of), default=0),
        disk=max((each.disk for each in of), default=0),
    )


def _of_pod(pod: Mapping[str, Any]) -> Demand:
    """The requests of a Pod."""
    running, starting = Demand(), Demand()
    for container in _list(pod, "initContainers"):
        if container.get("restartPolicy") == "Always":
            running += _of_container(container)
        else:
            starting = largest(starting, running + _of_container(container))
    for container in _list(pod, "containers"):
        running += _of_container(container)
    return largest(starting, running)


def _of_container(container: Mapping[str, Any]) -> Demand:
    resources = container.get("resources") or {}
    taken = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return Demand(cpu=ceil(amount(taken.get("cpu", 0)) * 1000), memory=ceil(amount(taken.get("memory", 0))))


def _storage(claim: Mapping[str, Any]) -> int:
    resources = claim.get("resources") or {}
    return ceil(amount((resources.get("requests") or {}).get("storage", 0)))


def _limit(folder: Mapping[str, Any]) -> int:
    """Bytes of the disk that an `emptyDir` may take; none of one in memory, or without a limit."""
    return 0 if folder.get("medium") == "Memory" else ceil(amount(folder.get("sizeLimit", 0)))


def _list(of: Mapping[str, Any], key: str) -> list[Any]:
    return of.get(key) or []
