"""Kubernetes accepts and runs what each kind renders: every object of the example in docs/examples.

Stand-ins: kwok plays the node, and a volume of the test stands for each folder that k3s's provisioner makes.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.cluster.api import Cluster, Object
from tests.processes import wait
from tests.workloads.rendered import RENDERED
from tests.workloads.test_kinds import FLEET

from edgefleet.boot.annotations import labels_of
from edgefleet.workloads.base.objects import LOCAL_STORAGE
from edgefleet.workloads.base.spinkube import is_app
from edgefleet.workloads.composing import SHARED, kind_of

pytestmark = pytest.mark.cluster

WORKLOADS = sorted(RENDERED.keys() - {SHARED})
ENFORCE = "pod-security.kubernetes.io/enforce"
OF_K3S: list[Object] = [
    {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": LOCAL_STORAGE},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    },
    {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": "nvidia"},
        "handler": "nvidia",
    },
]
"""What k3s applies at a site before any workload."""


@pytest.fixture(scope="session")
def site(cluster: Cluster) -> Cluster:
    """The cluster of a site with one node, with the labels that it sets itself, before any workload."""
    for thing in (*OF_K3S, *RENDERED[SHARED]):
        cluster.apply(thing)
    own = labels_of(FLEET.sites["de-ber-001"], "n1")
    cluster.node("site", {"kubernetes.io/hostname": "site", **own}, {"nvidia.com/gpu": "8"})
    return cluster


def claims(objects: list[Any]) -> Iterator[tuple[str, Object]]:
    """(name, claim) of each volume, those of the first Pods of StatefulSets included."""
    for thing in objects:
        if thing["kind"] == "PersistentVolumeClaim":
            yield thing["metadata"]["name"], thing
        for claim in thing.get("spec", {}).get("volumeClaimTemplates", ()):
            yield f"{claim['metadata']['name']}-{thing['metadata']['name']}-0", claim


def pods(objects: list[Any]) -> Iterator[tuple[str, Object]]:
    """(kind, template) of each object that makes Pods; a StatefulSet's controller adds the volumes."""
    for thing in objects:
        spec = thing.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            names = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", ())]
            volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names]
            pod = template["spec"] | {"volumes": [*template["spec"].get("volumes", ()), *volumes]}
            yield thing["kind"], template | {"spec": pod}


def volume(namespace: str, name: str, claim: Object) -> Object:
    """A volume for one claim alone: those of other workloads wait, too."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{namespace}-{name}"},
        "spec": {
            "claimRef": {"namespace": namespace, "name": name},
            "capacity": claim["spec"]["resources"]["requests"],
            "accessModes": claim["spec"]["accessModes"],
            "storageClassName": LOCAL_STORAGE,
            "hostPath": {"path": f"/srv/{namespace}-{name}"},
        },
    }


def is_done(thing: Object) -> bool:
    """Whether the Pods of an object are ready, or have ended well; others are done at once."""
    status = thing.get("status", {})
    if thing["kind"] in {"Deployment", "StatefulSet"}:
        ready: int = status.get("readyReplicas", 0)
        return ready == int(thing["spec"]["replicas"])
    return bool(thing["kind"] != "Job" or status.get("succeeded") == 1)


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_object_is_accepted(site: Cluster, name: str) -> None:
    """By a strict trial, which names all unknown fields; then applied, and once more without a change."""
    first, again = site.apply_twice(RENDERED[name])
    assert first == again


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_pod_is_restricted(site: Cluster, name: str) -> None:
    """By Pod Security, whose level the namespace enforces, too; objects of others may ask for a wider one."""
    (level,) = (
        thing["metadata"]["labels"][ENFORCE] for thing in RENDERED[name] if thing["kind"] == "Namespace"
    )
    is_of_others = kind_of(FLEET.workloads[name]) in {"chart", "manifests"}
    assert level == "restricted" or is_of_others or is_app(FLEET.sites["de-ber-001"].workloads[name])
    refusals = [(kind, why) for kind, pod in pods(RENDERED[name]) for why in site.pod_security(pod, level)]
    assert [] == refusals


@pytest.mark.parametrize("name", WORKLOADS)
def test_it_becomes_ready(site: Cluster, name: str) -> None:
    """Its Pods are admitted, scheduled to a node with all that they ask for, and serve or end."""
    for claimed, claim in claims(RENDERED[name]):
        site.apply(volume(name, claimed, claim))
    for thing in RENDERED[name]:
        site.apply(thing)
    waiting = [thing for thing in RENDERED[name] if not is_done(thing)]
    wait(
        lambda: all(is_done(site.read(thing)) for thing in waiting),
        reason=lambda: str([site.read(thing)["status"] for thing in waiting] + site.events(name)),
    )
    assert [*map(is_done, map(site.read, waiting))] == [True] * len(waiting)
