"""Workloads on nodes of the hub's cluster at a site: their objects there, and what nodes have of them."""

from dataclasses import replace
from typing import Any

import pytest
import yaml
from tests.fleetfile.conftest import Load, load

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.site import SiteSpec
from edgefleet.model.stack_secrets import secrets_used
from edgefleet.site.inputs import laid_out
from edgefleet.site.load import Loads
from edgefleet.workloads.base.edge import VOLUMES
from edgefleet.workloads.base.kind import Object
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.composing import hub_objects_of
from edgefleet.workloads.hub_nodes import at_nodes

__all__ = ["load"]

IMAGE = "registry.example/shop/a:1"
WEB = {"kind": "web", "image": IMAGE, "port": 8080}
PROFILES = """\
profiles:
  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi, runtime: RUNTIME, wasm: [crun-wasm]}
"""
HUB = {
    "kind": "existing",
    "kubeconfig": "hub.yaml",
    "kubeedge": {"version": "v1.23.1", "address": "edge.shops.example"},
}
SITES = {"shop": {"kubeedge": {"version": "v1.23.1"}}, "kiosk": {"kubeedge": {"version": "v1.23.1"}}}


def fleet(load: Load, workloads: dict[str, Any], sites: dict[str, Any] = SITES) -> Fleet:
    """A fleet of sites whose nodes are those of the hub's cluster."""
    plain = {"controlPlane": HUB, "sites": sites, "workloads": workloads}
    return load(yaml.safe_dump(plain), profiles=PROFILES.replace("RUNTIME", "kubeedge"))


def one(objects: tuple[Object, ...], kind: str) -> Any:
    """The only object of a kind."""
    (found,) = [each for each in objects if each["kind"] == kind]
    return found


def test_each_site_has_a_namespace_of_its_own(load: Load) -> None:
    """With the same objects, whose Pods stay on nodes of the site however long these are out of reach."""
    found = hub_objects_of(fleet(load, {"till": WEB}).hub_workloads)
    assert ["edgefleet", "kiosk-till", "shop-till"] == [*found]
    for namespace in ("kiosk-till", "shop-till"):
        objects = found[namespace]
        assert ["Namespace", "Deployment"] == [each["kind"] for each in objects]
        assert namespace == one(objects, "Namespace")["metadata"]["name"]
        deployment = one(objects, "Deployment")
        assert (namespace, "till") == (deployment["metadata"]["namespace"], deployment["metadata"]["name"])
        pod = deployment["spec"]["template"]["spec"]
        assert {"edgefleet.dev/site": namespace.removesuffix("-till")} == pod["nodeSelector"]
        assert {
            ("node-role.kubernetes.io/edge", "NoSchedule"),
            ("node.kubernetes.io/not-ready", "NoExecute"),
            ("node.kubernetes.io/unreachable", "NoExecute"),
        } == {(each["key"], each["effect"]) for each in pod["tolerations"]}
        assert {"Exists"} == {each["operator"] for each in pod["tolerations"]}
        assert not any("tolerationSeconds" in each for each in pod["tolerations"])


@pytest.mark.parametrize(
    ("more", "opened", "level"),
    [
        ({}, {}, "restricted"),
        ({"expose": {"port": 80}}, {"hostPort": 80}, "privileged"),
    ],
)
def test_a_port_of_the_node_is_open_where_the_workload_is_exposed(
    more: dict[str, Any], opened: dict[str, Any], level: str, load: Load
) -> None:
    """Pod Security has no level below privileged that admits one."""
    objects = hub_objects_of(fleet(load, {"till": WEB | more}).hub_workloads)["shop-till"]
    (port,) = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert {"name": "http", "containerPort": 8080, "protocol": "TCP", **opened} == port
    labels = one(objects, "Namespace")["metadata"]["labels"]
    assert {level} == {text for key, text in labels.items() if key.startswith("pod-security")}


def test_a_workload_reaches_another_one_on_its_node_by_name(load: Load) -> None:
    """At the address of the bridge, which is the same on each node and no address outside of it."""
    workloads = {"till": WEB | {"needs": ["carts"]}, "carts": {"kind": "session"}}
    found = hub_objects_of(fleet(load, workloads).hub_workloads)
    till = one(found["shop-till"], "Deployment")["spec"]["template"]["spec"]
    (alias,) = till["hostAliases"]
    assert "carts.carts" in alias["hostnames"]
    (port,) = one(found["shop-carts"], "StatefulSet")["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert (6379, 6379, alias["ip"]) == (port["containerPort"], port["hostPort"], port["hostIP"])
    labels = one(found["shop-till"], "Namespace")["metadata"]["labels"]
    assert [] == [key for key in labels if key.startswith("needs.")]


def test_a_volume_is_a_folder_of_the_node(load: Load) -> None:
    """One for each claim of a workload; it counts as the claim does where capacity is checked."""
    workloads: dict[str, Any] = {"carts": {"kind": "session", "size": "3Gi"}}
    workloads["count"] = {"kind": "job", "image": IMAGE, "storage": {"path": "/data", "size": "2Gi"}}
    made = fleet(load, workloads)
    found = hub_objects_of(made.hub_workloads)
    for namespace, kind, below in (("shop-carts", "StatefulSet", "data"), ("shop-count", "Job", "count")):
        owner = one(found[namespace], kind)
        pod = owner["spec"]["template"]["spec"]
        assert "volumeClaimTemplates" not in owner["spec"]
        folder = {"name": "data", "hostPath": {"path": VOLUMES, "type": "Directory"}}
        assert folder in pod["volumes"]
        mounts = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "data"]
        assert [f"{namespace}/{below}"] == [each["subPath"] for each in mounts]
    loads = Loads().of(made.sites["shop"])
    assert 5 * 2**30 <= sum(load.first.disk for of in loads.loads.values() for load in of)


def test_a_module_is_chosen_by_an_annotation(load: Load) -> None:
    """KubeEdge gives nodes no RuntimeClass; its label is a selector of the Pods."""
    function = {"kind": "function", "image": IMAGE, "runtime": {"name": "crun-wasm"}, "port": 8080}
    objects = hub_objects_of(fleet(load, {"prices": function}).hub_workloads)["shop-prices"]
    assert "RuntimeClass" not in {each["kind"] for each in objects}
    template = one(objects, "Deployment")["spec"]["template"]
    assert "runtimeClassName" not in template["spec"]
    assert {"edgefleet.dev/site": "shop", "wasm.edgefleet.dev/crun-wasm": "true"} == template["spec"][
        "nodeSelector"
    ]
    assert {
        "io.kubernetes.cri.untrusted-workload": "true",
        "module.wasm.image/variant": "compat-smart",
    } == template["metadata"]["annotations"]


def test_a_scheduled_job_runs_at_its_site(load: Load) -> None:
    """Its Pods are two templates below."""
    job = {"kind": "job", "image": IMAGE, "schedule": "0 3 * * 0"}
    objects = hub_objects_of(fleet(load, {"count": job}).hub_workloads)["shop-count"]
    pod = pod_of(one(objects, "CronJob"))
    assert pod is not None
    assert {"edgefleet.dev/site": "shop"} == pod["nodeSelector"]


def test_the_site_has_neither_objects_nor_secrets(load: Load) -> None:
    """The hub has them: a change of a workload leaves the site's resource as it is."""

    def inputs(image: str) -> Any:
        made = fleet(load, {"till": WEB | {"image": image, "secrets": {"KEY": "till-key"}}})
        site = made.sites["shop"]
        assert {} == secrets_used(site)
        assert ["till"] == [*site.workloads]
        return laid_out(site, store="file:images", key="", passphrases={}, identity=None)

    assert inputs(IMAGE) == inputs("registry.example/shop/a:2")


def test_an_air_gapped_node_carries_what_the_hub_runs_on_it(load: Load) -> None:
    """As a payload, of the nodes that may run it."""
    workloads = {"till": WEB | {"where": {"labels": {"line": "a"}}, "secrets": {"KEY": "till-key"}}}
    nodes = {"n1": {"labels": {"line": "a"}}, "n2": {}}
    made = fleet(load, workloads, {"shop": SITES["shop"] | {"nodes": nodes}}).sites["shop"]
    site: SiteSpec = at_nodes(made)
    assert {} == site.workloads
    gapped = at_nodes(replace(made, airgap=True))
    assert {"till": {"kind": "payload", "images": [IMAGE], "nodes": ["n1"]}} == gapped.workloads


def test_a_problem_at_the_hub_names_the_line_of_the_workload(load: Load) -> None:
    made = fleet(load, {"till": WEB})
    assert made.locate_workload("till") == made.locate_workload("shop-till")
