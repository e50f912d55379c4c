"""Functions: which form has which objects."""

from typing import Any

import pytest

from edgefleet.model.spec import from_plain
from edgefleet.workloads.base.kind import Place
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.composing import unpatched
from edgefleet.workloads.function import KIND, Function

PLACE = Place(name="prices")


def function(runtime: str = "wasmtime", **fields: Any) -> Function:
    """A function of a fleet file with `fields` besides its image and runtime."""
    wasm = {"kind": "function", "image": "registry.example/prices:1.0"}
    return from_plain(Function, {**wasm, "runtime": {"name": runtime, "version": "v0.6.0"}, **fields})


@pytest.mark.parametrize(
    ("fields", "kind"), [({"port": 8080}, "Deployment"), ({"schedule": "0 3 * * *"}, "CronJob"), ({}, "Job")]
)
def test_each_form_runs_under_its_runtime_class(fields: dict[str, Any], kind: str) -> None:
    _, runtime_class, *objects = unpatched(function(**fields), PLACE)
    (pod,) = [pod for each in objects if kind == each["kind"] and (pod := pod_of(each))]
    assert "wasm-prices" == pod["runtimeClassName"] == runtime_class["metadata"]["name"]
    assert "wasmtime" == runtime_class["handler"]
    assert ("Service" in [each["kind"] for each in objects]) is (kind == "Deployment")


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"port": 80, "schedule": "0 3 * * *", "retries": 1}, ["schedule", "retries"]),
        ({"replicas": 2, "expose": {"host": "a.local"}}, ["replicas", "expose"]),
        ({"history": 3}, ["history"]),
        ({"schedule": "0 3 * * *", "history": 3}, []),
    ],
)
def test_contradictions_are_problems(fields: dict[str, Any], paths: list[str]) -> None:
    """Fields of the other form."""
    assert paths == [problem.path for problem in KIND.check(function(**fields))]
