"""Functions: which form has which objects, and which nodes have the runtime."""

from typing import Any

import pytest

from edgefleet.model.programs import PROGRAMS
from edgefleet.model.spec import from_plain
from edgefleet.workloads.base.kind import Place
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.function import KIND, Function

PLACE = Place(name="prices")


def function(runtime: str = "wasmtime", **fields: Any) -> Function:
    """A function of a fleet file with `fields` besides its image and runtime."""
    wasm = {"kind": "function", "image": "registry.example/prices:1.0", "where": {"capabilities": ["wasm"]}}
    return from_plain(Function, {**wasm, "runtime": {"name": runtime, "version": "v0.6.0"}, **fields})


@pytest.mark.parametrize(
    ("fields", "kind"), [({"port": 8080}, "Deployment"), ({"schedule": "0 3 * * *"}, "CronJob"), ({}, "Job")]
)
def test_each_form_runs_under_its_runtime_class(fields: dict[str, Any], kind: str) -> None:
    objects = [*KIND.objects(function(**fields), PLACE)]
    (pod,) = [pod for each in objects if kind == each["kind"] and (pod := pod_of(each))]
    assert "function-prices" == pod["runtimeClassName"] == objects[0]["metadata"]["name"]
    assert "wasmtime" == objects[0]["handler"]
    assert ("Service" in [each["kind"] for each in objects]) is (kind == "Deployment")


@pytest.mark.parametrize(
    ("runtime", "variable"),
    [("wasmtime", "WASMTIME_HTTP_PROXY_SOCKET_ADDR"), ("spin", "SPIN_HTTP_LISTEN_ADDR")],
)
def test_a_shim_that_serves_http_gets_the_port(runtime: str, variable: str) -> None:
    """Unless the fleet file sets the variable itself."""
    for fields, address in (({}, "0.0.0.0:90"), ({"environment": {variable: "[::]:90"}}, "[::]:90")):
        pods = filter(None, map(pod_of, KIND.objects(function(runtime, port=90, **fields), PLACE)))
        assert [{"name": variable, "value": address}] == next(pods)["containers"][0]["env"]


@pytest.mark.parametrize("runtime", ["wasmtime", "wasmedge", "wasmer", "spin"])
def test_air_gapped_nodes_carry_the_shim(runtime: str) -> None:
    (need,) = KIND.carries(function(runtime), "arm64")
    assert (f"bin/{PROGRAMS[runtime].name}", "v0.6.0") == (need.path, need.version)


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"port": 80, "schedule": "0 3 * * *", "retries": 1}, ["schedule", "retries"]),
        ({"replicas": 2, "expose": {"host": "a.local"}}, ["replicas", "expose"]),
        ({"history": 3}, ["history"]),
        ({"port": 80, "where": {"groups": ["stores"]}}, ["where.capabilities"]),
        ({"schedule": "0 3 * * *", "history": 3}, []),
    ],
)
def test_contradictions_are_problems(fields: dict[str, Any], paths: list[str]) -> None:
    """Fields of the other form, and nodes that have no runtime."""
    assert paths == [problem.path for problem in KIND.check(function(**fields))]
