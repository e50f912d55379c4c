"""Changes of objects in words."""

from typing import Any

import pytest

from edgefleet.report.object_lines import lines
from edgefleet.workloads.differences import ObjectChange, ObjectOp

POD = "spec.template.spec."


def change(path: str, old: Any, new: Any, name: str = "Deployment/till") -> ObjectChange:
    """A value of an object that differs."""
    return ObjectChange(workload="till", object=name, op="changed", path=path, old=old, new=new)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (
            change(f"{POD}containers.till.image", "a.example/till:1", "a.example/till:2"),
            "image ...:1 -> ...:2",
        ),
        (
            change(f"{POD}containers.till.image", "a.example:5000/till:1", "b.example/till:1"),
            "image a.example:5000/till:1 -> b.example/till:1",
        ),
        (
            change(f"{POD}containers.till.image", "a.example/till:1", f"a.example/till@sha256:{'ab' * 32}"),
            "image ...:1 -> ...@sha256:abababababab",
        ),
        (change(f"{POD}containers.warm.image", "x:1", "x:2"), "warm image ...:1 -> ...:2"),
        (change(f"{POD}containers.till.env.MODE.value", "a", "b"), "env MODE a -> b"),
        (
            change(f"{POD}containers.till.env.MODE", None, {"name": "MODE", "value": "b"}),
            "env MODE (none) -> b",
        ),
        (change(f"{POD}containers.till.resources.requests.cpu", "1", "2"), "cpu request 1 -> 2"),
        (change(f"{POD}containers.till.resources.limits.memory", "1Mi", "2Mi"), "memory limit 1Mi -> 2Mi"),
        (change("spec.replicas", 1, 2), "replicas 1 -> 2"),
        (
            change("spec.jobTemplate.spec.template.spec.containers.till.args", ["a"], ["b"]),
            "args [a] -> [b]",
        ),
        (
            change('spec.template.metadata.annotations["example.com/x"]', "a", "b"),
            "annotation example.com/x a -> b",
        ),
        (change('data["till.conf"]', "a\nb\nc\n", "a\nx\nc\nd\n", "ConfigMap/till"), "till.conf +2 -1 lines"),
        (change("stringData.KEY", "{secret: a}", "{secret: b}", "Secret/till"), "KEY (secret)"),
    ],
)
def test_a_value_that_differs(one: ObjectChange, words: str) -> None:
    """Without what every Pod has around it; texts of many lines and secrets are not shown."""
    assert [f"{one.object}: {words}"] == [line.text for line in lines([one])]


def test_a_limit_that_changes_with_its_request_is_one_line() -> None:
    """Of the same container; different values stay two lines."""
    path = f"{POD}containers.till.resources."
    both = [change(f"{path}{side}.memory", "64Mi", "128Mi") for side in ("requests", "limits")]
    assert ["Deployment/till: memory 64Mi -> 128Mi"] == [line.text for line in lines(both)]
    apart = [both[0], change(f"{path}limits.memory", "64Mi", "256Mi")]
    assert [
        "Deployment/till: memory request 64Mi -> 128Mi",
        "Deployment/till: memory limit 64Mi -> 256Mi",
    ] == [line.text for line in lines(apart)]


def test_new_and_removed_objects_are_one_line_for_a_workload() -> None:
    """In the order of their application."""
    ops: dict[str, ObjectOp] = {"menu": "removed", "till": "added"}
    whole = [
        ObjectChange(workload=workload, object=f"{kind}/{workload}", op=op)
        for workload, op in ops.items()
        for kind in ("Deployment", "Service")
    ]
    assert ["- Deployment/menu, Service/menu", "+ Deployment/till, Service/till"] == [
        line.text for line in lines(whole)
    ]
