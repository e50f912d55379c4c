"""What an API server refuses is an error of the preview: by workload, field and line, all at once."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.api import Cluster
from tests.engine.conftest import Project

from edgefleet.errors import InvalidInput, Problem

pytestmark = pytest.mark.cluster
WORDS = ("exists in the cluster already", "is already allocated", "Invalid value")
LABELS = '{metadata: {labels: {tier: "not a label!"}}}'
LIMIT = "[{kind: CronJob, merge: {spec: {successfulJobsHistoryLimit: -1}}}]"
FLEET = f"""\
apiVersion: edgefleet.dev/v1
fleet: shops
region: north
recipe: 1
controlPlane: {{kind: existing, kubeconfig: cluster.yaml}}
images: {{store: "file:images"}}
profiles:
  pos: {{arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi, storage: ssd}}
defaults: {{profile: pos, k3s: {{version: v1.36.4+k3s1}}}}
sites:
  alpha: {{network: {{address: 10.0.1.2/24, gateway: 10.0.1.1}}}}
workloads:
  orders:
    kind: web
    image: registry.shops.example/orders:2.1
    port: 8080
    where: {{cloud: true}}
    patches:
    - kind: Deployment
      merge:
        spec:
          replcas: 3
          template: {LABELS}
  nightly:
    kind: job
    image: registry.shops.example/nightly:1
    schedule: "11 3 * * *"
    where: {{cloud: true}}
    patches: {LIMIT}
  fine: {{kind: web, image: "registry.shops.example/fine:1", port: 8080, where: {{cloud: true}}}}
"""
OF_FLEET = """
edgefleet.Fleet("shops", {"file": "dev.fleet.yaml", "secret": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="})
"""
LONE = """
edgefleet.Workload("orders", {
    "workload": {
        "kind": "web",
        "image": "registry.shops.example/orders:2.1",
        "port": 8080,
        "patches": [{"kind": "Deployment", "merge": {"spec": {"replcas": 3, "minReadySeconds": -5}}}],
    },
    "kubeconfig": open("cluster.yaml").read(),
})
"""


@pytest.fixture
def project(cluster: Cluster, tmp_path: Path) -> Project:
    """A project with the cluster's kubeconfig, certificates included."""
    kubeconfig = json.loads(cluster.kubeconfig.read_text())
    of: dict[str, Any] = kubeconfig["clusters"][0]["cluster"]
    authority = Path(of.pop("certificate-authority")).read_bytes()
    of["certificate-authority-data"] = base64.b64encode(authority).decode()
    (tmp_path / "cluster.yaml").write_text(json.dumps(kubeconfig))
    (tmp_path / "dev.fleet.yaml").write_text(FLEET)
    return Project(tmp_path)


def refused(project: Project, program: str) -> dict[str, Problem]:
    """dict[path -> problem] of a preview."""
    with pytest.raises(InvalidInput, match="the API server of the cluster refuses the object") as caught:
        project.run("preview", program)
    return {problem.path: problem for problem in caught.value.problems}


def line(problem: Problem) -> str:
    """The line of the fleet file that a problem names."""
    file, number, _ = problem.where.rsplit(":", 2)
    assert file.endswith("dev.fleet.yaml")
    return FLEET.splitlines()[int(number) - 1].strip()


def test_objects_of_the_hub_are_refused_by_the_line_of_the_fleet_file(project: Project) -> None:
    """Those of all workloads, although no namespace exists yet; the words are the server's."""
    found = refused(project, OF_FLEET)
    merged = "patches[0].merge.spec"
    lines = {
        f"workloads.orders.{merged}.replcas": "replcas: 3",
        f"workloads.orders.{merged}.template.metadata.labels": f"template: {LABELS}",
        f"workloads.nightly.{merged}.successfulJobsHistoryLimit": f"patches: {LIMIT}",
    }
    assert lines == {path: line(problem) for path, problem in found.items()}
    assert (
        "Deployment orders: spec.replcas: there is no such field"
        == found[f"workloads.orders.{merged}.replcas"].problem
    )
    words = found[f"workloads.nightly.{merged}.successfulJobsHistoryLimit"].problem
    assert "CronJob nightly: spec.successfulJobsHistoryLimit: Invalid value: -1" in words


def test_the_workload_of_a_program_is_refused_by_its_argument(project: Project) -> None:
    """It has no line; the field is named all the same."""
    merged = "workload.patches[0].merge.spec"
    assert {f"{merged}.replcas", f"{merged}.minReadySeconds"} == {*refused(project, LONE)}


def test_what_exists_is_refused_for_what_is_wrong_with_it_alone(project: Project, cluster: Cluster) -> None:
    """A port that the object itself has is not taken; nothing is changed."""
    namespace = cluster.namespace("orders-exist")
    ports = [{"port": 80, "nodePort": 30080}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": namespace, "namespace": namespace}}
    cluster.apply({**service, "spec": {"type": "NodePort", "ports": ports}})
    patch = json.dumps({"kind": "Service", "merge": {"spec": {"type": "NodePort", "ports": ports}}})
    program = LONE.replace('"patches": [{', f'"patches": [{patch}, {{').replace('"replcas": 3, ', "")
    program = program.replace("-5", "5").replace('Workload("orders"', f'Workload("{namespace}"')
    outcome = project.run("preview", program)
    errors = [item.message for item in outcome.diagnostics if item.severity == "error"]
    assert ["exists in the cluster already"] == [words for words in WORDS if words in " ".join(errors)]
