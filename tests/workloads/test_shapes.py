"""Objects of any shape: what is read of them is of the right type, or refused."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.model.paths import leaves
from edgefleet.workloads.base.kind import Object
from edgefleet.workloads.base.shapes import problems
from edgefleet.workloads.claims import claims_of
from edgefleet.workloads.composing import images
from edgefleet.workloads.demand import loads

POD: Object = {
    "initContainers": [{"name": "a", "image": "registry.example/a:1", "restartPolicy": "Always"}],
    "containers": [
        {
            "name": "b",
            "image": "registry.example/b:1",
            "ports": [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}],
            "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
        }
    ],
    "volumes": [{"emptyDir": {"sizeLimit": "1Gi"}}, {"persistentVolumeClaim": {"claimName": "a"}}],
    "tolerations": [{"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}],
    "hostNetwork": True,
}
CLAIM: Object = {"resources": {"requests": {"storage": "1Gi"}}}


def an(kind: str, spec: Object, api: str = "v1") -> Object:
    """An object."""
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "a", "namespace": "a"}, "spec": spec}


OBJECTS: tuple[Object, ...] = (
    an("Pod", POD),
    an("Deployment", {"replicas": 2, "template": {"spec": POD}}, "apps/v1"),
    an("StatefulSet", {"template": {"spec": POD}, "volumeClaimTemplates": [{"spec": CLAIM}]}, "apps/v1"),
    an("CronJob", {"jobTemplate": {"spec": {"template": {"spec": POD}}}}, "batch/v1"),
    an("Rollout", {"replicas": 2, "template": {"spec": POD}}, "argoproj.io/v1alpha1"),
    an("PersistentVolumeClaim", CLAIM),
    an("Service", {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}]}),
    {**an("RuntimeClass", {}, "node.k8s.io/v1"), "scheduling": {"nodeSelector": {"a": "true"}}},
    an("Ingress", {"rules": [{"host": "a.example", "http": {"paths": [{"path": "/"}]}}]}),
)
ANY = st.sampled_from([None, True, 7, -1.5, "", "a", [], ["a"], [None], {}, {"a": 1}, {"name": 7}])


def change(item: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put a value at a path of an object."""
    for part in path[:-1]:
        item = item[part]
    item[path[-1]] = value


@given(data=st.data())
def test_what_is_taken_is_read_without_a_traceback(data: st.DataObject) -> None:
    item = deepcopy(data.draw(st.sampled_from(OBJECTS)))
    whole = data.draw(st.sampled_from([path for path, _ in leaves(item)]))
    change(item, whole[: data.draw(st.integers(1, len(whole)))], data.draw(ANY))
    if not [*problems(item)]:
        claims, counts = claims_of([item]), [load.count for load in loads([item])]
        texts = [*images([item]), *(text for host in claims.hosts for text in host)]
        assert {str} >= {type(text) for text in texts}
        assert {int} >= {type(number) for number in (*counts, *(port.number for port in claims.ports))}


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("spec",), "x", "spec: expected a map"),
        (("spec", "replicas"), "2", "spec.replicas: expected a whole number"),
        (("spec", "template", "spec"), {}, "spec.template.spec.containers: containers is missing"),
        (
            ("spec", "template", "spec", "containers", 0, "image"),
            1.5,
            "spec.template.spec.containers[0].image: expected",
        ),
        (("metadata", "name"), None, "metadata.name: there is no value here"),
    ],
)
def test_a_wrong_type_is_named_with_its_path(path: tuple[Any, ...], value: Any, words: str) -> None:
    item = deepcopy(OBJECTS[1])
    change(item, path, value)
    (problem,) = problems(item)
    assert words in f"{problem.path}: {problem.problem}"


def test_objects_are_taken_as_they_are() -> None:
    assert {an_object["kind"]: [] for an_object in OBJECTS} == {
        item["kind"]: [*problems(item)] for item in OBJECTS
    }


@pytest.mark.parametrize(
    "item",
    [
        an("Job", {"tasks": [{"template": {"spec": POD}}]}, "batch.volcano.sh/v1alpha1"),
        an("Service", {"template": {"spec": POD}}, "serving.knative.dev/v1"),
        an("ExternalSecret", {"template": "{{ .a }}"}, "external-secrets.io/v1"),
    ],
)
def test_kinds_of_other_groups_have_shapes_of_their_own(item: Object) -> None:
    assert [] == [*problems(item)]
    assert [1] * len([*loads([item])]) == [load.count for load in loads([item])]
