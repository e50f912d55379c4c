"""CloudCore's objects for the hub's cluster: fields that there are, and rights."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tests.workloads.offline_schemas import problems_of, untyped

from edgefleet.hub import cloudcore
from edgefleet.model.edge import HubKubeEdge

DECLARED = HubKubeEdge(version="v1.23.1", address="edge.eu.shops.example.org")
SCHEMA = Path(__file__).parents[1] / "runtimes/kubeedge_schemas/cloudcore-v1alpha1.schema.json"


@pytest.fixture
def objects() -> list[Any]:
    """All but the definitions of KubeEdge's kinds."""
    every = cloudcore.cloudcore_objects(DECLARED)
    return [each for each in every if each["kind"] != "CustomResourceDefinition"]


def found(objects: list[Any], kind: str, name: str = "cloudcore") -> Any:
    """The object of a kind with this name."""
    (one,) = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return one


def test_the_configuration_is_what_cloudcore_has_fields_for(objects: list[Any]) -> None:
    """Its schema takes it, and refuses a field that CloudCore would pass over without a word."""
    config = yaml.safe_load(found(objects, "ConfigMap")["data"]["cloudcore.yaml"])
    schema = json.loads(SCHEMA.read_text())
    jsonschema.validate(config, schema)
    config["modules"]["controllerManager"] = {"enable": True}
    with pytest.raises(jsonschema.ValidationError, match="controllerManager"):
        jsonschema.validate(config, schema)


def test_a_node_is_who_its_certificate_names(objects: list[Any]) -> None:
    """CloudCore compares the names and acts as the node; else one node's image would open the others."""
    hub = yaml.safe_load(found(objects, "ConfigMap")["data"]["cloudcore.yaml"])["modules"]["cloudHub"]
    assert {"enable": True, "debug": False, "modes": [{"node": {"enable": True}}]} == hub["authorization"]
    rules = found(objects, "ClusterRole", "edgefleet:cloudcore")["rules"]
    assert {"apiGroups": [""], "resources": ["groups", "users"], "verbs": ["impersonate"]} in rules


def test_certificates_are_ours_and_in_one_secret(objects: list[Any]) -> None:
    """At the paths that its configuration names; the texts come from the stack's secret."""
    secret = found(objects, "Secret")
    assert cloudcore.CERTIFICATES == secret["type"]
    assert set(cloudcore.PARTS) == secret["stringData"].keys()
    pod = found(objects, "Deployment")["spec"]["template"]["spec"]
    paths = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
    hub = yaml.safe_load(found(objects, "ConfigMap")["data"]["cloudcore.yaml"])["modules"]["cloudHub"]
    files = [hub[key] for key in ("tlsCAFile", "tlsCAKeyFile", "tlsCertFile", "tlsPrivateKeyFile")]
    assert [f"{paths['certificates']}/{part}" for part in cloudcore.PARTS] == files


def test_pods_are_of_the_declared_release_and_away_from_nodes_of_sites(objects: list[Any]) -> None:
    """CloudCore and the program that reconciles NodeGroup and EdgeApplication."""
    pods = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in objects
        if each["kind"] == "Deployment"
    }
    assert {"cloudcore", "kubeedge-controller-manager"} == pods.keys()
    for name, image in (("cloudcore", "cloudcore"), ("kubeedge-controller-manager", "controller-manager")):
        assert f"docker.io/kubeedge/{image}:v1.23.1" == pods[name]["containers"][0]["image"]
        (term,) = pods[name]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
            "nodeSelectorTerms"
        ]
        assert [{"key": "node-role.kubernetes.io/edge", "operator": "DoesNotExist"}] == term[
            "matchExpressions"
        ]


def test_kubernetes_has_fields_for_all_of_it(objects: list[Any]) -> None:
    """By its schemas of two releases and its typed models."""
    assert {"Deployment", "Service", "ClusterRole", "Secret"} <= {each["kind"] for each in objects}
    found = [
        problem
        for each in objects
        for problem in (*problems_of(each, 34), *problems_of(each, 37), *untyped(each))
    ]
    assert [] == found


def test_definitions_have_what_the_server_needs_of_them() -> None:
    """Thirteen kinds; what explains them to people is left out, as it is half of their size."""
    made = cloudcore.definitions()
    names = {each["spec"]["names"]["kind"] for each in made}
    assert {"Device", "DeviceModel", "EdgeApplication", "NodeGroup", "NodeUpgradeJob"} <= names
    whole = sum(len(file.read_text()) for file in cloudcore.CRDS.glob("*.yaml"))
    assert len(json.dumps(made)) < whole
    application = next(each for each in made if each["spec"]["names"]["kind"] == "EdgeApplication")
    assert "schema" in application["spec"]["versions"][0]
