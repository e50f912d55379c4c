"""KubeEdge's own kinds as objects of the hub's cluster: those of the example in docs/examples."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from edgefleet.fleetfile.hub_edge_objects import edge_nodes
from edgefleet.fleetfile.load import load_fleet
from edgefleet.hub.cloudcore import cloudcore_yaml
from edgefleet.hub.edge_objects import GROUP, edge_objects

EXAMPLE = Path(__file__).parents[2] / "docs/examples/labs.fleet.yaml"
FLEET = load_fleet(EXAMPLE, EXAMPLE.parent)
KUBEEDGE: Any = FLEET.control_plane.kubeedge
OBJECTS: list[Any] = [*edge_objects(KUBEEDGE, edge_nodes(KUBEEDGE, FLEET.sites, FLEET.provenance.members))]


def found(kind: str, name: str) -> Any:
    """The object of a kind with this name."""
    (one,) = [each for each in OBJECTS if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return one


def test_a_node_group_has_its_nodes_by_name_and_no_other_by_a_label() -> None:
    """One without labels would match each new node, and the group of that node would miss it."""
    groups = {name: found("NodeGroup", name)["spec"] for name in ("packing", "spare")}
    assert {
        "packing": {"nodes": ["lab-4-n2"], "matchLabels": {GROUP: "packing"}},
        "spare": {"nodes": ["lab-4-n1"], "matchLabels": {GROUP: "spare"}},
    } == groups
    labels = {label for site in FLEET.sites.values() for node in site.nodes.values() for label in node.labels}
    assert GROUP not in labels


def test_what_an_application_makes_may_run_at_nodes_of_sites() -> None:
    """In the application's namespace, tolerating their taint, with replicas that KubeEdge can replace."""
    application = found("EdgeApplication", "counter")
    deployment, service = application["spec"]["workloadTemplate"]["manifests"]
    assert ("counter", "counter") == (
        deployment["metadata"]["namespace"],
        service["metadata"]["namespace"],
    )
    assert 1 == deployment["spec"]["replicas"]
    assert [{"key": "node-role.kubernetes.io/edge", "effect": "NoSchedule", "operator": "Exists"}] == (
        deployment["spec"]["template"]["spec"]["tolerations"]
    )
    assert (
        "baseline"
        == found("Namespace", "counter")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    )


def test_a_group_overrides_replicas_images_and_variables() -> None:
    """A variable is removed and added: KubeEdge's replace changes the order of all at each look."""
    targets = found("EdgeApplication", "counter")["spec"]["workloadScope"]["targetNodeGroups"]
    overriders = {each["name"]: each["overriders"] for each in targets}
    assert {
        "replicas": 2,
        "imageOverriders": [{"component": "Tag", "operator": "replace", "value": "1.5.0"}],
        "envOverriders": [
            {"containerName": "counter", "operator": "remove", "value": [{"name": "LINE"}]},
            {"containerName": "counter", "operator": "add", "value": [{"name": "LINE", "value": "packing"}]},
        ],
    } == overriders["packing"]
    assert {
        "imageOverriders": [{"component": "Registry", "operator": "replace", "value": "mirror.labs.example"}]
    } == overriders["spare"]


def test_a_device_is_at_its_node_and_speaks_the_protocol_of_its_model() -> None:
    """Cycles are milliseconds, values are texts."""
    model, device = found("DeviceModel", "oven")["spec"], found("Device", "oven-1")["spec"]
    first = {key: model["properties"][0][key] for key in ("name", "type", "accessMode")}
    assert {"name": "target", "type": "INT", "accessMode": "ReadWrite"} == first
    assert ("lab-4-n1", {"name": "oven"}, "modbus-tcp") == (
        device["nodeName"],
        device["deviceModelRef"],
        device["protocol"]["protocolName"],
    )
    target, temperature = device["properties"]
    assert {"value": "180"} == target["desired"]
    assert (500, 10_000, False) == (
        temperature["collectCycle"],
        temperature["reportCycle"],
        temperature["reportToCloud"],
    )
    assert {"register": "InputRegister", "offset": 2} == temperature["visitors"]["configData"]
    assert [{"name": "heat", "propertyNames": ["target"], "description": "Heats to the target."}] == (
        device["methods"]
    )


def test_an_upgrade_names_its_nodes_and_turns_tasks_on() -> None:
    """Without one, CloudCore runs none."""
    job = found("NodeUpgradeJob", "to-1-23-1")["spec"]
    assert (["lab-4-n1", "lab-4-n2"], "v1.23.1", 2, 1200) == (
        job["nodeNames"],
        job["version"],
        job["concurrency"],
        job["timeoutSeconds"],
    )
    modules = yaml.safe_load(cloudcore_yaml(KUBEEDGE))["modules"]
    assert {"enable": True} == modules["taskManager"]


@pytest.mark.parametrize("object_", OBJECTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_each_object_is_edgefleets(object_: Any) -> None:
    """By its label."""
    assert "edgefleet" == object_["metadata"]["labels"]["app.kubernetes.io/managed-by"]
