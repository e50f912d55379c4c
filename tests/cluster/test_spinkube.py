"""SpinKube's objects: a real API server with its definitions takes them; a RuntimeClass adds to its Pods.

No operator runs. `made_by_operator` is a Pod as its source has it: no security context, no tolerations.
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.api import Cluster, Object, Refused
from tests.processes import wait
from tests.workloads.test_kinds import FLEET

from edgefleet.io.yaml_text import from_yaml
from edgefleet.workloads.base.spinkube import API
from edgefleet.workloads.composing import objects_of

pytestmark = pytest.mark.cluster

CRDS = sorted((Path(__file__).parent / "spinkube_crds").glob("*.yaml"))
OFFERS = objects_of(FLEET.sites["de-ber-001"])["offers"]
OWN = [each for each in OFFERS if each["apiVersion"] == API]


@pytest.fixture(scope="module")
def spinkube(cluster: Cluster) -> Iterator[Cluster]:
    """A cluster with SpinKube's definitions, and the objects of the workload in it until the last test."""
    definitions = [thing for path in CRDS for thing in from_yaml(path.read_text(encoding="utf-8"))]
    for thing in definitions:
        cluster.apply(thing)
    wait(lambda: all(_is_established(cluster.read(thing)) for thing in definitions))
    for thing in OFFERS:
        cluster.apply(thing)
    yield cluster
    for thing in reversed(OFFERS):
        cluster.delete(thing)


def _is_established(definition: Object) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or ()
    return any((each["type"], each["status"]) == ("Established", "True") for each in conditions)


def made_by_operator(app: Object, namespace: str) -> dict[str, Any]:
    """A Pod of the Deployment that the operator makes of a SpinApp."""
    spec = app["spec"]
    container = {"name": "offers", "image": spec["image"], "command": ["/"], "resources": spec["resources"]}
    pod = {"runtimeClassName": "wasm-offers", "containers": [container], "volumes": spec["volumes"]}
    metadata = {"name": "made", "namespace": namespace, "labels": spec["podLabels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod}


def test_the_definitions_have_each_field(spinkube: Cluster) -> None:
    """By a strict trial, which names all unknown fields; a second application changes nothing."""
    assert ["SpinAppExecutor", "SpinApp"] == [thing["kind"] for thing in OWN]
    for thing in OWN:
        trial = deepcopy(thing)
        trial["metadata"]["name"] = "trial"
        spinkube.create_strictly(trial)
    before = [spinkube.read(thing)["metadata"]["generation"] for thing in OWN]
    assert before == [spinkube.apply(thing)["metadata"]["generation"] for thing in OWN]


def test_a_misspelt_field_is_refused(spinkube: Cluster) -> None:
    """So that the trial above proves something."""
    trial = deepcopy(OWN[1])
    trial["metadata"]["name"], trial["spec"]["replcas"] = "trial", 2
    with pytest.raises(Refused, match=r"spec\.replcas"):
        spinkube.create_strictly(trial)


def test_its_pods_get_from_the_runtime_class_what_a_spinapp_lacks(spinkube: Cluster) -> None:
    """They are admitted to the namespace, and stay while the node is unreachable, however long that is."""
    pod = spinkube.create_strictly(made_by_operator(OWN[1], "offers"))
    kept = {(each["key"], each.get("tolerationSeconds")) for each in pod["spec"]["tolerations"]}
    assert {(f"node.kubernetes.io/{state}", None) for state in ("not-ready", "unreachable")} == kept
    assert {"wasm.edgefleet.dev/spin": "true"} == pod["spec"]["nodeSelector"]
