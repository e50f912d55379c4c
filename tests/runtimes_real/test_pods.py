"""Rendered workloads on a real node: modules of WebAssembly, containers, and both in one Pod."""

from collections.abc import Callable

import pytest
from tests.cluster.api import Cluster
from tests.processes import wait
from tests.runtimes_real.conftest import HELLO, SAYS, SEVEN, SHELL, Pod, beside, pod
from tests.runtimes_real.node import HOST, Machine
from tests.runtimes_real.rendering import objects

pytestmark = pytest.mark.runtimes


def test_a_module_runs_by_its_runtime_class(machine: Machine, run: Callable[..., Pod]) -> None:
    """With the user, the limits and the read-only root of every workload."""
    module = run("labels", kind="web", image=HELLO, runtime={"name": "crun-wasm"}, port=8080)
    wait(lambda: {"labels": "hello from a module"} == machine.says("labels"), reason=machine.log)
    assert (HOST, "wasm-labels") == (module["spec"]["nodeName"], module["spec"]["runtimeClassName"])
    assert "running" in pod(machine.cluster, "labels")["status"]["containerStatuses"][0]["state"]


def test_a_container_runs_as_before(machine: Machine, run: Callable[..., Pod]) -> None:
    container = run("till", kind="web", image=SHELL, args=SAYS, port=8080)
    wait(lambda: {"till": "hello from a container"} == machine.says("till"), reason=machine.log)
    assert "runtimeClassName" not in container["spec"]


def test_a_module_runs_beside_a_container(machine: Machine, run: Callable[..., Pod]) -> None:
    """In one Pod, whose annotation lets crun tell them apart."""
    run("mixed", kind="web", image=HELLO, runtime={"name": "crun-wasm"}, port=8080, **beside("Deployment"))
    expected = {"mixed": "hello from a module", "beside": "hello from a container"}
    wait(lambda: expected == machine.says("mixed"), reason=machine.log)


def test_a_node_without_the_runtime_gets_no_module(cluster: Cluster) -> None:
    """The RuntimeClass selects nodes by their label; there is none with this one."""
    fields = {"image": HELLO, "runtime": {"name": "spin", "version": "v0.24.0"}, "port": 8080}
    for each in objects("spun", kind="function", **fields):
        cluster.apply(each)
    wait(lambda: any("didn't match Pod's node affinity/selector" in each for each in cluster.events("spun")))


def test_crun_loses_the_exit_code_of_a_module(machine: Machine, run: Callable[..., Pod]) -> None:
    """Why jobs and probes by a command are refused: WasmEdge 0.14 ends with 0 where the module says 7."""
    cluster = machine.cluster
    run("labels2", kind="web", image=HELLO, runtime={"name": "crun-wasm"}, port=8080)
    spec = {
        "runtimeClassName": "wasm-labels2",
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
    }
    spec |= {"containers": [{"name": "seven", "image": SEVEN, "imagePullPolicy": "IfNotPresent"}]}
    metadata = {
        "name": "seven",
        "namespace": cluster.namespace("seven"),
        "annotations": {"module.wasm.image/variant": "compat-smart"},
    }
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    wait(lambda: pod(cluster, "seven").get("status", {}).get("phase") in {"Succeeded", "Failed"}, seconds=60)
    ended = pod(cluster, "seven")["status"]["containerStatuses"][0]["state"]["terminated"]
    assert 0 == ended["exitCode"]
    assert {"seven": "seven"} == machine.says("seven")
