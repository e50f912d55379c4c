"""The hub's cluster takes what it has for nodes at sites, and its scheduler brings each Pod to its site.

Objects are those of docs/examples/labs.fleet.yaml. Stand-in: kwok plays the nodes; edgecore is not there.
"""

from pathlib import Path
from typing import Any

import pytest
from tests.cluster.api import Cluster, Object
from tests.cluster.test_workloads import is_done, pods
from tests.processes import wait

from edgefleet.boot.annotations import labels_of
from edgefleet.fleetfile.load import load_fleet
from edgefleet.workloads.base.edge import SITE, TAINT
from edgefleet.workloads.composing import SHARED, hub_objects_of

pytestmark = pytest.mark.cluster

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"
FLEET = load_fleet(EXAMPLES / "labs.fleet.yaml", EXAMPLES)
OBJECTS = hub_objects_of(FLEET.hub_workloads)
NAMESPACES = sorted(OBJECTS.keys() - {SHARED})
LAB = FLEET.sites["lab-4"]


@pytest.fixture(scope="module")
def hub(cluster: Cluster) -> Cluster:
    """The hub's cluster: a node of the cloud, those of a site, and one of another site."""
    for thing in OBJECTS[SHARED]:
        cluster.apply(thing)
    cluster.node("cloud", {"kubernetes.io/hostname": "cloud"})
    for name, node in LAB.nodes.items():
        own = {SITE: LAB.name, "kubernetes.io/hostname": node.hostname, **labels_of(LAB, name)}
        cluster.node(node.hostname, own, taint=TAINT)
    cluster.node(
        "lab-5", {SITE: "lab-5", "kubernetes.io/hostname": "lab-5", **labels_of(LAB, "n1")}, taint=TAINT
    )
    return cluster


def pods_of(hub: Cluster, namespace: str) -> list[Object]:
    """The Pods of a namespace."""
    found: list[Object] = hub.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    return found


def test_the_example_has_a_container_and_a_module() -> None:
    assert ["lab-4-labels", "lab-4-weights"] == NAMESPACES


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_object_is_accepted(hub: Cluster, namespace: str) -> None:
    """By a strict trial, then applied, and once more without a change."""
    first, again = hub.apply_twice(OBJECTS[namespace])
    assert first == again


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_port_of_the_node_is_all_that_pods_have_beyond_the_restricted_level(
    hub: Cluster, namespace: str
) -> None:
    ((_, pod),) = pods([*OBJECTS[namespace]])
    (why,) = hub.pod_security(pod, "restricted")
    assert "hostPort" in why


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_its_pods_run_at_the_site_alone(hub: Cluster, namespace: str) -> None:
    """On the node that the placement chose, which keeps others away by its taint."""
    for thing in OBJECTS[namespace]:
        hub.apply(thing)
    wait(
        lambda: all(is_done(hub.read(thing)) for thing in OBJECTS[namespace]),
        reason=lambda: str(hub.events(namespace)),
    )
    assert ["lab-4-n2"] == [pod["spec"]["nodeName"] for pod in pods_of(hub, namespace)]


def test_a_pod_for_the_cloud_comes_to_no_site(hub: Cluster) -> None:
    """Not even where it asks for one without a toleration."""
    space = hub.namespace("cloud-pods")
    spec: dict[str, Any] = {"nodeSelector": {SITE: LAB.name}, "containers": [{"name": "a", "image": "a:1"}]}
    spec |= {"automountServiceAccountToken": False}
    metadata = {"name": "lost", "namespace": space}
    hub.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    wait(lambda: any("untolerated taint" in each for each in hub.events(space)))
    assert [None] == [pod["spec"].get("nodeName") for pod in pods_of(hub, space)]
