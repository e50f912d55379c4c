"""When objects are ready, from what their controllers write."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from edgefleet.errors import OutsideFailure
from edgefleet.model.kubernetes import Kind, Object, Ref
from edgefleet.provider.kubernetes.readiness import SETTLED, pod_problems, verdict


@dataclass
class FakeCluster:
    """What is looked up beside an object."""

    items: list[Object] = field(default_factory=list)
    storage_class: Object | None = None
    is_forbidden: bool = False

    def get(self, ref: Ref) -> Object | None:
        if self.is_forbidden:
            raise OutsideFailure.at(ref, "forbidden", "may not", "ask")
        return self.storage_class

    def listed(self, kind: Kind, namespace: str = "", selector: str = "") -> Iterator[Object]:
        del kind, namespace, selector
        yield from self.items


def live(api_version: str, kind: str, status: Object | None = None, **parts: Any) -> Object:
    metadata = {"name": "x", "namespace": "n", "generation": 2}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "status": status or {}, **parts}


def conditions(**states: str) -> Object:
    return {
        "conditions": [
            {"type": name, "status": status, "reason": "Why", "message": "because"}
            for name, status in states.items()
        ]
    }


SEEN = {"observedGeneration": 2}
THREE = {"spec": {"replicas": 3}}
COMPLETE = SEEN | dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), 3)
STATEFUL = SEEN | dict.fromkeys(("readyReplicas", "currentReplicas"), 3)
REVISION = {"currentRevision": "a", "updateRevision": "a"}
SCHEDULED = dict.fromkeys(
    (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberReady",
    ),
    3,
)
READY = {
    "a kind without a rule": live("v1", "ConfigMap"),
    "Deployment": live("apps/v1", "Deployment", COMPLETE, **THREE),
    "Deployment of none": live("apps/v1", "Deployment", SEEN, spec={"replicas": 0}),
    "StatefulSet": live("apps/v1", "StatefulSet", STATEFUL | REVISION, **THREE),
    "StatefulSet that is updated by hand": live(
        "apps/v1",
        "StatefulSet",
        STATEFUL | {"currentReplicas": 1, "currentRevision": "a", "updateRevision": "b"},
        spec={"replicas": 3, "updateStrategy": {"type": "OnDelete"}},
    ),
    "DaemonSet": live("apps/v1", "DaemonSet", SEEN | SCHEDULED),
    "DaemonSet without nodes": live("apps/v1", "DaemonSet", SEEN),
    "Job": live("batch/v1", "Job", conditions(Complete="True")),
    "Pod": live("v1", "Pod", {"phase": "Running"} | conditions(Ready="True")),
    "Pod that ended": live("v1", "Pod", {"phase": "Succeeded"}),
    "Service without a selector": live("v1", "Service", spec={}),
    "headless Service": live("v1", "Service", spec={"selector": {"a": "b"}, "clusterIP": "None"}),
    "external Service": live("v1", "Service", spec={"type": "ExternalName"}),
    "bound claim": live("v1", "PersistentVolumeClaim", {"phase": "Bound"}),
    "volume": live("v1", "PersistentVolume", {"phase": "Available"}),
    "Ingress": live("networking.k8s.io/v1", "Ingress", {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}),
    "CRD": live("apiextensions.k8s.io/v1", "CustomResourceDefinition", conditions(Established="True")),
    "quota": live("v1", "ResourceQuota", {"hard": {"pods": "1"}}, spec={"hard": {"pods": "1"}}),
    "controller": live("v1", "ReplicationController", {"availableReplicas": 3}, **THREE),
    "Secret": live("v1", "Secret", type="Opaque"),
}
NOT_READY = {
    "Deployment not seen": (
        live("apps/v1", "Deployment", COMPLETE | {"observedGeneration": 1}, **THREE),
        "has not seen",
    ),
    "Deployment in progress": (
        live("apps/v1", "Deployment", COMPLETE | {"updatedReplicas": 1}, **THREE),
        "1 of 3 replicas are updated.*2 old replicas remain",
    ),
    "Deployment that gave up": (
        live("apps/v1", "Deployment", SEEN | conditions(Progressing="False"), **THREE),
        r"\[Why\] because.*0 of 3 replicas are available",
    ),
    "StatefulSet": (
        live("apps/v1", "StatefulSet", STATEFUL | {"readyReplicas": 2} | REVISION, **THREE),
        "2 of 3",
    ),
    "StatefulSet of two revisions": (
        live("apps/v1", "StatefulSet", STATEFUL | REVISION | {"updateRevision": "b"}, **THREE),
        "revision b is not complete",
    ),
    "DaemonSet": (
        live("apps/v1", "DaemonSet", SEEN | SCHEDULED | {"numberReady": 1}),
        "1 of 3 pods are ready",
    ),
    "Job": (live("batch/v1", "Job", {"active": 1}), "1 active, 0 succeeded, 0 failed"),
    "Pod": (
        live("v1", "Pod", {"phase": "Pending"} | conditions(PodScheduled="False")),
        r"it is Pending.*\[Why\]",
    ),
    "Service of a load balancer": (live("v1", "Service", spec={"type": "LoadBalancer"}), "no address"),
    "claim": (live("v1", "PersistentVolumeClaim", {"phase": "Pending"}), "it is Pending"),
    "volume": (live("v1", "PersistentVolume", {"phase": "Pending"}), "it is Pending"),
    "Ingress": (live("networking.k8s.io/v1", "Ingress"), "no ingress controller"),
    "CRD": (
        live("apiextensions.k8s.io/v1", "CustomResourceDefinition", conditions(NamesAccepted="False")),
        "because",
    ),
    "quota": (live("v1", "ResourceQuota", spec={"hard": {"pods": "1"}}), "not in force"),
    "controller": (live("v1", "ReplicationController", **THREE), "0 of 3"),
    "token": (live("v1", "Secret", type="kubernetes.io/service-account-token"), "token is not made"),
}


@pytest.mark.parametrize("what", READY)
def test_it_is_ready(what: str) -> None:
    assert () == verdict(READY[what], FakeCluster()).missing


@pytest.mark.parametrize("what", NOT_READY)
def test_what_is_missing_is_named(what: str) -> None:
    item, words = NOT_READY[what]
    with pytest.raises(AssertionError, match=words):
        raise AssertionError("; ".join(verdict(item, FakeCluster()).missing))


@pytest.mark.parametrize(("kind", "version"), [("Job", "batch/v1"), ("Pod", "v1")])
def test_what_has_failed_is_not_waited_for(kind: str, version: str) -> None:
    found = verdict(live(version, kind, {"phase": "Failed"} | conditions(Failed="True")), FakeCluster())
    assert found.is_final
    assert found.missing


def slice_of(*ready: bool) -> Object:
    return {"endpoints": [{"conditions": {"ready": state}} for state in ready]}


def test_a_service_waits_for_the_pods_that_it_selects() -> None:
    """All of them; and a while for some where there are none, which may be on purpose."""
    service = live("v1", "Service", spec={"selector": {"a": "b"}})
    assert ((), 0) == ((found := verdict(service, FakeCluster([slice_of(True)]))).missing, found.settles)
    assert ("1 of 2 pods that it selects are ready",) == verdict(
        service, FakeCluster([slice_of(True, False)])
    ).missing
    none = verdict(service, FakeCluster())
    assert ((), SETTLED) == (none.missing, none.settles)


def test_a_claim_that_waits_for_its_first_pod_is_ready() -> None:
    """As far as this user may read storage classes."""
    claim = live("v1", "PersistentVolumeClaim", {"phase": "Pending"}, spec={"storageClassName": "late"})
    late = {"volumeBindingMode": "WaitForFirstConsumer"}
    assert () == verdict(claim, FakeCluster(storage_class=late)).missing
    assert verdict(claim, FakeCluster(storage_class={})).missing
    assert verdict(claim, FakeCluster(is_forbidden=True)).missing


def test_the_reasons_of_pods_are_named_once() -> None:
    """With the first pod that has them; what just starts is none."""
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "again"}}
    ended = {"terminated": {"reason": "Error", "message": "exit 1"}}
    starting = {"waiting": {"reason": "ContainerCreating"}}
    statuses = [
        {"name": name, "state": state} for name, state in (("a", waiting), ("b", ended), ("c", starting))
    ]
    pods = [live("v1", "Pod", {"containerStatuses": statuses}) for _ in range(2)]
    assert [
        "pod x: container a: [CrashLoopBackOff] again",
        "pod x: container b: [Error] exit 1",
    ] == pod_problems(pods)
