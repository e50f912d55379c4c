"""Kubernetes accepts CloudCore and KubeEdge's own kinds, with KubeEdge's definitions: those of the example.

Where EDGEFLEET_KUBEEDGE_BIN names a folder with KubeEdge's controllermanager, that makes of them what it is
asked for; kwok plays the nodes.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.api import Cluster, Refused
from tests.hub.test_edge_objects import KUBEEDGE, OBJECTS, found
from tests.processes import Server, running, wait

from edgefleet.hub.cloudcore import cloudcore_objects, definitions
from edgefleet.runtimes.base.edgecore import EDGE_TAINT

pytestmark = pytest.mark.cluster

CLOUDCORE: list[Any] = [*cloudcore_objects(KUBEEDGE)]
BELONGING = "apps.kubeedge.io/belonging-to"


@pytest.fixture(scope="module")
def hub(cluster: Cluster) -> Cluster:
    """The hub's cluster with the definitions of KubeEdge's kinds, and CloudCore's objects."""
    for each in definitions():
        cluster.apply(each)
    wait(lambda: all(_is_served(cluster.read(each)) for each in definitions()))
    for each in CLOUDCORE:
        cluster.apply(each)
    return cluster


def _is_served(definition: Any) -> bool:
    conditions = definition.get("status", {}).get("conditions", ())
    return ("Established", "True") in {(each["type"], each["status"]) for each in conditions}


def test_every_kind_is_accepted_and_applied_again_without_a_change(hub: Cluster) -> None:
    """By a strict trial, which names all unknown fields."""
    kinds = {each["kind"] for each in OBJECTS}
    assert {"Device", "DeviceModel", "EdgeApplication", "Namespace", "NodeGroup", "NodeUpgradeJob"} == kinds
    for each in OBJECTS:
        if each["kind"] != "Namespace":
            hub.create_strictly(each)
        hub.apply(each)
    before = [hub.read(each)["metadata"].get("generation") for each in OBJECTS]
    assert before == [hub.apply(each)["metadata"].get("generation") for each in OBJECTS]


def test_what_an_application_makes_is_accepted(hub: Cluster) -> None:
    """KubeEdge's definition takes any object there, so each is tried by itself; its Pods are restricted."""
    manifests = found("EdgeApplication", "counter")["spec"]["workloadTemplate"]["manifests"]
    assert ["Deployment", "Service"] == [each["kind"] for each in manifests]
    hub.apply(found("Namespace", "counter"))
    for each in manifests:
        hub.create_strictly(each)
    assert [] == hub.pod_security(manifests[0]["spec"]["template"])


def test_a_field_that_a_kind_does_not_have_is_refused(hub: Cluster) -> None:
    """What the definitions leave open is not tried: the settings of a protocol."""
    device, model = found("Device", "oven-1"), found("DeviceModel", "oven")
    unknown = {**device, "spec": {**device["spec"], "nodename": "n1"}}
    with pytest.raises(Refused, match=r'unknown field "spec.nodename"'):
        hub.create_strictly(unknown)
    number = {"name": "a", "type": "NUMBER", "accessMode": "ReadOnly"}
    wrong = {**model, "spec": {**model["spec"], "properties": [number]}}
    with pytest.raises(Refused, match="Unsupported value"):
        hub.create_strictly(wrong)


@pytest.fixture
def controllers(hub: Cluster, tmp_path: Path) -> Iterator[Path]:
    """KubeEdge's own controllermanager, which writes a log."""
    folder = os.environ.get("EDGEFLEET_KUBEEDGE_BIN")
    program = Path(folder or "", "controllermanager")
    if folder is None or not program.exists():
        pytest.skip("needs EDGEFLEET_KUBEEDGE_BIN with controllermanager, built from KubeEdge 1.23.1")
    log = tmp_path / "controllermanager.log"
    command = (program, f"--kubeconfig={hub.kubeconfig}")
    with running(Server(command, log), lambda: True):
        yield log


def test_controllermanager_makes_groups_and_their_deployments(hub: Cluster, controllers: Path) -> None:
    """Nodes that come later join their own group; each group has its own replicas and image."""
    for each in OBJECTS:
        hub.apply(each)
    groups = {"lab-4-n1": "spare", "lab-4-n2": "packing"}
    nodes = {name: _node(hub, name) for name in groups}
    wait(
        lambda: groups == {name: _group(hub, node) for name, node in nodes.items()},
        reason=controllers.read_text,
    )
    made = {
        group: {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": f"counter-{group}", "namespace": "counter"},
        }
        for group in groups.values()
    }
    wait(lambda: _is_ready(hub, made), reason=controllers.read_text)
    specs = {group: hub.read(each)["spec"] for group, each in made.items()}
    containers = {group: spec["template"]["spec"]["containers"][0] for group, spec in specs.items()}
    assert {"packing": 2, "spare": 1} == {group: spec["replicas"] for group, spec in specs.items()}
    assert {
        "packing": "registry.labs.example/counter:1.5.0",
        "spare": "mirror.labs.example/counter:1.4.0",
    } == {group: each["image"] for group, each in containers.items()}
    assert {"packing": "packing", "spare": "none"} == {
        group: each["env"][-1]["value"] for group, each in containers.items()
    }


def _node(hub: Cluster, name: str) -> Any:
    """A node as edgecore registers it, with the taint of nodes of sites."""
    hub.node(name, {"node-role.kubernetes.io/edge": ""})
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}
    hub.apply({**node, "spec": {"taints": [EDGE_TAINT]}}, manager="edgecore")
    return node


def _group(hub: Cluster, node: Any) -> Any:
    return hub.read(node)["metadata"]["labels"].get(BELONGING)


def _is_ready(hub: Cluster, deployments: Any) -> bool:
    try:
        found = [hub.read(each) for each in deployments.values()]
    except Refused:
        return False
    return all(each["spec"]["replicas"] == each["status"].get("readyReplicas", 0) for each in found)
