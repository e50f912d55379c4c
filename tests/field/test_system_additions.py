"""Kind: what people add to a node's system and to its cluster.

Sources: k3s docs, installation/packaged-components and networking/basic-network-options (own CNI);
suse-edge/edge-image-builder (custom files, scripts, users with encryptedPassword, kubernetes manifests);
canonical/cloud-init issue on write_files before users-groups (``defer``).
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.runtimes import RUNTIMES
from edgefleet.runtimes.base.k3s_manifests import check_manifests, manifest_images

CHART = "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: cilium}\nspec: {chart: cilium}\n"
Problems = Callable[..., list[Problem]]


def shop(**settings: Any) -> str:
    """A fleet file's sites: one, with `settings`."""
    return yaml.safe_dump({"sites": {"shop": settings}})


def test_a_text_may_be_a_file_of_the_project(load: Callable[..., Fleet], tmp_path: Path) -> None:
    """The spec has its content, so a changed file is a change of the site."""
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "cilium.yaml").write_text(CHART)
    k3s = {"config": {"flannel-backend": "none"}, "manifests": {"cni": "file:manifests/cilium.yaml"}}
    files = {"/etc/motd": {"content": "file:manifests/cilium.yaml"}}
    site = load(shop(k3s=k3s, files=files)).sites["shop"]
    assert {"cni": CHART} == site.k3s.manifests
    assert CHART == site.nodes["n1"].files["/etc/motd"].content


OPERATOR = """\
apiVersion: v1
kind: List
metadata: {name: all}
items:
  - kind: Deployment
    spec: {template: {spec: {containers: [{image: "registry.example:5000/shop/till:1.4"}]}}}
  - kind: CronJob
    spec: {jobTemplate: {spec: {template: {spec: {initContainers: [{image: "nginx:1.27"}], containers: []}}}}}
  - kind: CustomResourceDefinition
    spec: {properties: {containers: {type: array}, image: {type: string}}}
---
kind: Pod
metadata: {name: own}
spec: {containers: [{image: "nginx:1.27"}, {image: "ghcr.io/shop/probe:2", imagePullPolicy: Always}]}
"""


def test_an_air_gapped_node_carries_the_images_of_its_manifests(load: Callable[..., Fleet]) -> None:
    """Of Pod templates anywhere in them, for each node (k3s-io/k3s 735: a Pod waits for what is absent)."""
    site = load(shop(k3s={"manifests": {"a": OPERATOR}})).sites["shop"]
    images = ("docker.io/library/nginx:1.27", "ghcr.io/shop/probe:2", "registry.example:5000/shop/till:1.4")
    assert images == manifest_images(site)
    carried = RUNTIMES["k3s-agent"].carries(site, site.nodes["n1"])
    assert images == tuple(need.name for need in carried if need.kind == "image")
    assert "images/docker.io+library+nginx@1.27.tar" in {need.path for need in carried}


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ("{image: nginx}", "no-tag"),
        ("{image: $(IMAGE)}", "bad-image"),
        ("{image: 'a/b:1', imagePullPolicy: Always}", "pull-without-link"),
    ],
)
def test_an_air_gapped_node_refuses_images_that_it_would_download(
    load: Callable[..., Fleet], image: str, code: str
) -> None:
    """A node with a link may use them."""
    pod = f"kind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{image}]}}\n"
    site = load(shop(k3s={"manifests": {"a": pod}})).sites["shop"]
    (problem,) = check_manifests(replace(site, airgap=True))
    assert ("k3s.manifests.a", code) == (problem.path, problem.code)


@pytest.mark.parametrize(
    ("settings", "path", "code"),
    [
        ({"files": {"/etc/motd": {"content": "file:motd"}}}, 'files["/etc/motd"].content', "no-file"),
        ({"files": {"/etc/motd": {"content": "file:../motd"}}}, 'files["/etc/motd"].content', "bad-path"),
        (
            {"files": {"/etc/a": {"content": ""}, "/etc/a/b": {"content": ""}}},
            'files["/etc/a"]',
            "file-is-folder",
        ),
        ({"files": {"/var/lib/rancher/a": {"content": ""}}}, 'files["/var/lib/rancher/a"]', "reserved-file"),
        ({"k3s": {"manifests": {"a": "kind: Pod\n"}}}, "k3s.manifests.a", "bad-manifest"),
        ({"k3s": {"manifests": {"workload-a": CHART}}}, "k3s.manifests.workload-a", "bad-name"),
        ({"k3s": {"manifests": {"a": "{"}}}, "k3s.manifests.a", "bad-manifest"),
        ({"k3s": {"manifests": {"a": "[" * 5000}}}, "k3s.manifests.a", "bad-manifest"),
        ({"k3s": {"config": {"flannel-backend": "none"}}}, "k3s.config.flannel-backend", "no-cni"),
        (
            {"k3s": {"manifests": {"a": CHART}, "config": {"disable-helm-controller": True}}},
            "k3s.manifests.a",
            "no-helm",
        ),
        (
            {
                "files": {"/srv/till/a": {"content": "a"}},
                "hardware": {"dataDisk": {"device": "/dev/disk/by-id/a", "path": "/srv/till"}},
            },
            'files["/srv/till/a"]',
            "hidden-file",
        ),
    ],
)
def test_what_would_not_work_is_refused(
    problems: Problems, settings: dict[str, Any], path: str, code: str
) -> None:
    """At the place in the fleet file."""
    assert [(f"sites.shop.{path}", code)] == [
        (problem.path, problem.code) for problem in problems(shop(**settings))
    ]
