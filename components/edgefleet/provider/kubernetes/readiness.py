"""When an object is ready, by its kind: the real plugin's rules, read from the object's own status.

A kind that is not listed is ready once it exists. Sources: pulumi-kubernetes 4.34, ``pkg/await``; kubectl's
``rollout status``; Kubernetes docs, "Deployments" and "StatefulSets", on their status.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from edgefleet.errors import OutsideFailure
from edgefleet.io.kubernetes_errors import FORBIDDEN, code_of
from edgefleet.model.kubernetes import CRD, Kind, Object, Ref, at

SETTLED = 10.0
"""Seconds after which a Service that targets no pod is taken to target none on purpose."""
POD, SLICE = Kind("v1", "Pod"), Kind("discovery.k8s.io/v1", "EndpointSlice")
_STORAGE_CLASS = Kind("storage.k8s.io/v1", "StorageClass")


class Cluster(Protocol):
    """What is looked up beside an object."""

    def get(self, ref: Ref) -> Object | None:
        """An object."""
        ...

    def listed(self, kind: Kind, namespace: str = "", selector: str = "") -> Iterator[Object]:
        """Objects with labels."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far an object is."""

    missing: tuple[str, ...] = ()
    """What it still lacks, a clause each; empty if it is ready."""
    is_final: bool = False
    """Whether waiting cannot help."""
    settles: float = 0
    """Seconds that it must stay so."""


READY = Verdict()


def verdict(live: Object, cluster: Cluster) -> Verdict:
    """How far a live object is."""
    kind = Kind.of(live)
    rule = _RULES.get(kind.key)
    if rule is None:
        return READY
    seen, version = _count(live, "status", "observedGeneration"), _count(live, "metadata", "generation")
    if kind.group == "apps" and seen < version:
        return Verdict((f"the {kind.name} controller has not seen this version yet",))
    return rule(live, cluster)


def is_awaited(item: Object) -> bool:
    """Whether objects of this kind become ready some time after they exist."""
    return Kind.of(item).key in _RULES


def _conditions(live: Object) -> dict[str, Mapping[str, Any]]:
    """dict[type -> condition]."""
    return {str(item.get("type")): item for item in at(live, "status", "conditions") or []}


def _is_true(live: Object, name: str) -> bool:
    return _conditions(live).get(name, {}).get("status") == "True"


def _explained(live: Object, *names: str, bad: str = "False") -> list[str]:
    """Reason and message of those conditions that are `bad`."""
    found = [_conditions(live).get(name, {}) for name in names]
    return [
        f"[{item.get('reason', '')}] {item.get('message', '')}" for item in found if item.get("status") == bad
    ]


def _count(live: Object, *path: str) -> int:
    value = at(live, *path)
    return value if isinstance(value, int) else 0


def _short(have: int, want: int, what: str) -> list[str]:
    return [] if have >= want else [f"{have} of {want} {what}"]


def _unless(is_ready: object, *missing: str) -> Verdict:
    return READY if is_ready else Verdict(missing)


def _phase(live: Object, otherwise: str) -> str:
    return str(at(live, "status", "phase") or otherwise)


def _replicas(live: Object) -> int:
    value = at(live, "spec", "replicas")
    return value if isinstance(value, int) else 1


def _deployment(live: Object, _cluster: Cluster) -> Verdict:
    wanted, updated = _replicas(live), _count(live, "status", "updatedReplicas")
    old = _count(live, "status", "replicas") - updated
    missing = [
        *_short(updated, wanted, "replicas are updated"),
        *([f"{old} old replicas remain"] if old > 0 else []),
        *_short(_count(live, "status", "availableReplicas"), wanted, "replicas are available"),
    ]
    return _unless(not missing, *_explained(live, "Progressing", "Available"), *missing)


def _stateful_set(live: Object, _cluster: Cluster) -> Verdict:
    wanted, is_by_hand = _replicas(live), at(live, "spec", "updateStrategy", "type") == "OnDelete"
    missing = _short(_count(live, "status", "readyReplicas"), wanted, "replicas are ready")
    if not (is_by_hand and _count(live, "metadata", "generation") > 1):
        missing += _short(
            _count(live, "status", "currentReplicas"), wanted, "replicas are of the new revision"
        )
        current, update = at(live, "status", "currentRevision"), at(live, "status", "updateRevision")
        missing += [] if current and current == update else [f"revision {update} is not complete"]
    return Verdict(tuple(missing))


def _daemon_set(live: Object, _cluster: Cluster) -> Verdict:
    wanted = _count(live, "status", "desiredNumberScheduled")
    counts = {
        "currentNumberScheduled": "nodes have a pod",
        "updatedNumberScheduled": "pods are updated",
        "numberAvailable": "pods are available",
        "numberReady": "pods are ready",
    }
    if at(live, "spec", "updateStrategy", "type") == "OnDelete":
        del counts["updatedNumberScheduled"]
    short = [_short(_count(live, "status", name), wanted, what) for name, what in counts.items()]
    return Verdict(tuple(chain.from_iterable(short)))


def _job(live: Object, _cluster: Cluster) -> Verdict:
    failed = _explained(live, "Failed", bad="True")
    if failed:
        return Verdict(tuple(failed), is_final=True)
    counts = [f"{_count(live, 'status', name)} {name}" for name in ("active", "succeeded", "failed")]
    return _unless(_is_true(live, "Complete"), f"it has not completed: {', '.join(counts)}")


def _pod(live: Object, _cluster: Cluster) -> Verdict:
    phase = _phase(live, "not scheduled")
    if phase == "Failed":
        return Verdict(tuple(pod_problems([live])) or ("it has failed",), is_final=True)
    is_ready = phase == "Succeeded" or _is_true(live, "Ready")
    return _unless(is_ready, f"it is {phase}", *pod_problems([live]))


def _service(live: Object, cluster: Cluster) -> Verdict:
    spec, ref = live.get("spec") or {}, Ref.of(live)
    is_external = spec.get("type") == "ExternalName"
    missing: list[str] = []
    if spec.get("type") == "LoadBalancer" and not at(live, "status", "loadBalancer", "ingress"):
        missing.append("it has no address of a load balancer; does the cluster provide them?")
    if is_external or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return Verdict(tuple(missing))
    slices = cluster.listed(SLICE, ref.namespace, f"kubernetes.io/service-name={ref.name}")
    ends = [end for item in slices for end in item.get("endpoints") or []]
    ready = [end for end in ends if at(end, "conditions", "ready") is not False]
    if len(ready) < len(ends):
        missing.append(f"{len(ready)} of {len(ends)} pods that it selects are ready")
    return Verdict(tuple(missing), settles=0 if ready else SETTLED)


def _claim(live: Object, cluster: Cluster) -> Verdict:
    phase, name = _phase(live, "not bound"), at(live, "spec", "storageClassName")
    if phase == "Pending" and name and _binding_mode(str(name), cluster) == "WaitForFirstConsumer":
        return READY
    return _unless(phase == "Bound", f"it is {phase}")


def _binding_mode(storage_class: str, cluster: Cluster) -> str:
    try:
        found = cluster.get(Ref(_STORAGE_CLASS, storage_class))
    except OutsideFailure as error:
        if code_of(error) == FORBIDDEN:  # a user of a namespace may not read what belongs to the cluster
            return ""
        raise
    return str(at(found, "volumeBindingMode") or "")


def _volume(live: Object, _cluster: Cluster) -> Verdict:
    phase = _phase(live, "not available")
    return _unless(phase in {"Available", "Bound"}, f"it is {phase}")


def _ingress(live: Object, _cluster: Cluster) -> Verdict:
    has_address = at(live, "status", "loadBalancer", "ingress")
    return _unless(has_address, "no ingress controller has given it an address")


def _definition(live: Object, _cluster: Cluster) -> Verdict:
    why = _explained(live, "NamesAccepted", "Established") or ["it is not established"]
    return _unless(_is_true(live, "Established"), *why)


def _quota(live: Object, _cluster: Cluster) -> Verdict:
    return _unless(at(live, "spec", "hard") == at(live, "status", "hard"), "its limits are not in force")


def _controller(live: Object, _cluster: Cluster) -> Verdict:
    available = _count(live, "status", "availableReplicas")
    return Verdict(tuple(_short(available, _replicas(live), "replicas are available")))


def _secret(live: Object, _cluster: Cluster) -> Verdict:
    is_token = live.get("type") == "kubernetes.io/service-account-token"
    return _unless(not is_token or live.get("data"), "its token is not made")


_RULES: Mapping[tuple[str, str], Callable[[Object, Cluster], Verdict]] = {
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apiextensions.k8s.io", CRD): _definition,
    ("batch", "Job"): _job,
    ("", "PersistentVolume"): _volume,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("", "ReplicationController"): _controller,
    ("", "ResourceQuota"): _quota,
    ("", "Secret"): _secret,
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _ingress,
}


def pods_of(live: Object, cluster: Cluster) -> list[Object]:
    """The pods that an object selects by labels; none where it selects otherwise."""
    labels = at(live, "spec", "selector", "matchLabels")
    if not isinstance(labels, dict) or not labels:
        return []
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return list(cluster.listed(POD, Ref.of(live).namespace, selector))


def pod_problems(pods: list[Object]) -> list[str]:
    """Why pods do not run: what is unschedulable, and what each container waits for; each reason once."""
    lines: dict[str, str] = {}
    for pod in pods:
        name = Ref.of(pod).name
        for line in _explained(pod, "PodScheduled"):
            lines.setdefault(line, f"pod {name}: {line}")
        kinds = ("initContainerStatuses", "containerStatuses")
        for status in chain.from_iterable(at(pod, "status", which) or [] for which in kinds):
            state = status.get("state") or {}
            why = state.get("waiting") or (state.get("terminated") if not status.get("ready") else None)
            if why and why.get("reason") not in {"ContainerCreating", "PodInitializing", "Completed"}:
                line = f"container {status.get('name')}: [{why.get('reason')}] {why.get('message', '')}"
                lines.setdefault(line.strip(), f"pod {name}: {line.strip()}")
    return list(lines.values())
