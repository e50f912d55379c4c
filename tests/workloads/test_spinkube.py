"""SpinKube: what a function becomes as a SpinApp, and what a SpinApp does not have."""

from typing import Any

import pytest

from edgefleet.model.spec import from_plain
from edgefleet.workloads.base.kind import Place
from edgefleet.workloads.claims import claims_of
from edgefleet.workloads.composing import images, unpatched
from edgefleet.workloads.demand import Demand, loads
from edgefleet.workloads.function import KIND, Function

PLACE = Place(name="offers")
Objects = dict[str, dict[str, Any]]


def function(**fields: Any) -> Function:
    """A function of a fleet file that SpinKube runs, with `fields` besides."""
    runtime = {"name": "spin", "version": "v0.24.0", "spinkube": True}
    plain = {"kind": "function", "image": "registry.example/offers:1", "runtime": runtime, "port": 80}
    return from_plain(Function, {**plain, **fields})


def objects(place: Place = PLACE, **fields: Any) -> Objects:
    """dict[kind -> object]."""
    return {each["kind"]: each for each in unpatched(function(**fields), place)}


def test_the_operator_makes_what_is_a_deployment_otherwise() -> None:
    """A SpinApp with an executor of its own, which names the RuntimeClass of the workload."""
    made = objects()
    assert ["Namespace", "RuntimeClass", "SpinAppExecutor", "SpinApp", "NetworkPolicy"] == [*made]
    assert made["SpinApp"]["spec"]["executor"] == made["SpinAppExecutor"]["metadata"]["name"]
    deployment = made["SpinAppExecutor"]["spec"]["deploymentConfig"]
    assert made["RuntimeClass"]["metadata"]["name"] == deployment["runtimeClassName"]
    assert "baseline" == made["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]


def test_fields_are_those_of_the_application() -> None:
    """Variables have the names that Spin gives them; that of the node is one of them."""
    environment = {"CITY": "Berlin", "AT": "at $(NODE_NAME)"}
    app = objects(
        replicas=2, environment=environment, secrets={"KEY": "key"}, probe={"path": "/up", "period": 20}
    )["SpinApp"]["spec"]
    assert (2, {"app.kubernetes.io/name": "offers"}) == (app["replicas"], app["podLabels"])
    assert ["node_name", "city", "at", "key"] == [each["name"] for each in app["variables"]]
    assert "at $(SPIN_VARIABLE_NODE_NAME)" == app["variables"][2]["value"]
    assert {"name": "offers", "key": "KEY"} == app["variables"][3]["valueFrom"]["secretKeyRef"]
    assert {"readiness", "liveness"} == app["checks"].keys()
    assert ("/up", 20) == (
        app["checks"]["liveness"]["httpGet"]["path"],
        app["checks"]["liveness"]["periodSeconds"],
    )
    assert ["/tmp"] == [mount["mountPath"] for mount in app["volumeMounts"]]  # noqa: S108 - of a container


def test_pods_stay_through_an_offline_period_by_their_runtime_class() -> None:
    """And where one node runs them, they are on that node: a SpinApp has no field for either."""
    scheduling = objects(Place(name="offers", nodes=("n1",)))["RuntimeClass"]["scheduling"]
    assert {"wasm.edgefleet.dev/spin": "true", "kubernetes.io/hostname": "n1"} == scheduling["nodeSelector"]
    assert ["NoExecute", "NoExecute"] == [each["effect"] for each in scheduling["tolerations"]]


def test_its_pods_count_as_those_of_a_deployment() -> None:
    """Their image, what they reserve, their nodes, and that others reach them."""
    made = unpatched(function(replicas=3, resources={"cpu": "100m", "memory": "64Mi"}), PLACE)
    assert ["registry.example/offers:1"] == [*images(made)]
    (load,) = loads(made)
    assert (3, 1) == (load.count, load.containers)
    assert Demand(cpu=100, memory=64 * 2**20, disk=64 * 2**20) == load.pod
    claims = claims_of(made)
    assert (("spin",), True) == (claims.handlers, claims.is_listening)


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({}, []),
        ({"port": 8080}, ["port"]),
        ({"command": ["/a"], "args": ["b"], "critical": True}, ["command", "args", "critical"]),
        ({"tolerates": ["a.example/b"], "user": 1000}, ["tolerates", "user"]),
        ({"probe": {"period": 20}}, ["probe"]),
        ({"environment": {"A__B": "x"}}, ["environment"]),
        ({"environment": {"Key": "x"}, "secrets": {"KEY": "key"}}, ["environment", "environment"]),
        ({"runtime": {"name": "wasmtime", "version": "v0.6.0", "spinkube": True}}, ["runtime.spinkube"]),
    ],
)
def test_what_it_does_not_have_is_a_problem(fields: dict[str, Any], paths: list[str]) -> None:
    """By the name of the field."""
    assert paths == [problem.path for problem in KIND.check(function(**fields))]


def test_one_that_ends_is_none() -> None:
    assert ["port"] == [problem.path for problem in KIND.check(function(port=None))]
