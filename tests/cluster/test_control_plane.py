"""The control plane that the other tests ask is a real one, and refuses what a real one refuses."""

import pytest
from tests.cluster.api import Cluster, Object, Refused
from tests.go_programs import KUBERNETES
from tests.processes import wait

pytestmark = pytest.mark.cluster

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def deployment(name: str = "till", **spec: object) -> dict[str, object]:
    """A deployment of two pods with one container each."""
    labels = {"app": name}
    container = {"name": name, "image": "registry.example/till:1.4", "securityContext": RESTRICTED}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template, **spec},
    }


def test_it_is_the_release_that_was_built(cluster: Cluster) -> None:
    """Not one that this machine has."""
    assert f"v{KUBERNETES}" == cluster.get("/version")["gitVersion"]


def test_a_strict_trial_names_every_unknown_field(cluster: Cluster) -> None:
    """Server-side apply names one at a time."""
    with pytest.raises(Refused, match=r"strict decoding error") as caught:
        cluster.create_strictly(deployment(replcas=2, selectr={}))
    assert ['unknown field "spec.replcas"', 'unknown field "spec.selectr"'] == sorted(
        str(caught.value).partition("strict decoding error: ")[2].split(", ")
    )


def test_a_trial_creates_nothing(cluster: Cluster) -> None:
    """And returns the object with the server's defaults."""
    thing = deployment("tried")
    assert "RollingUpdate" == cluster.create_strictly(thing)["spec"]["strategy"]["type"]
    with pytest.raises(Refused, match=r'deployments.apps "tried" not found'):
        cluster.read(thing)


def test_an_invalid_value_has_its_field(cluster: Cluster) -> None:
    """A message and a path for each."""
    with pytest.raises(Refused, match="Invalid value: -1") as caught:
        cluster.create_strictly(deployment(replicas=-1))
    assert ["spec.replicas"] == [cause["field"] for cause in caught.value.causes]


def test_a_conflict_names_the_other_manager(cluster: Cluster) -> None:
    """As a person's kubectl would be."""
    thing = deployment("contested")
    cluster.apply(thing, manager="kubectl")
    with pytest.raises(Refused, match="conflict") as caught:
        cluster.apply(deployment("contested", replicas=3))
    assert [(".spec.replicas", 'conflict with "kubectl"')] == [
        (cause["field"], cause["message"]) for cause in caught.value.causes
    ]
    cluster.delete(thing)


def test_pod_security_refuses_a_bare_pod(cluster: Cluster) -> None:
    """With every reason."""
    bare: Object = {"spec": {"containers": [{"name": "till", "image": "registry.example/till:1.4"}]}}
    assert [
        "allowPrivilegeEscalation != false",
        "unrestricted capabilities",
        "runAsNonRoot != true",
        "seccompProfile",
    ] == [reason.partition(" (")[0] for reason in cluster.pod_security(bare)]


def test_pod_security_accepts_a_restricted_pod(cluster: Cluster) -> None:
    """The same pod with what it asks for."""
    spec = deployment()["spec"]
    assert isinstance(spec, dict)
    assert [] == cluster.pod_security(spec["template"])


def test_a_deployment_becomes_ready_and_is_deleted_with_its_pods(cluster: Cluster) -> None:
    """On nodes that kwok plays."""
    cluster.node("site-1")
    thing = deployment("ready")
    cluster.apply(thing)
    wait(lambda: 2 == cluster.read(thing)["status"].get("readyReplicas"))
    cluster.delete(thing)
    wait(lambda: not cluster.get("/api/v1/namespaces/default/pods")["items"])
