"""Modules by a shim of containerd, wasmtime: in containers, as OCI images, beside containers; exit codes.

The shim is ours (`tests.rust_programs`): a stand-in for upstream's, on the library that this is built on.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.cluster.api import Cluster
from tests.processes import wait
from tests.runtimes_real.conftest import HELLO, SEVEN, Pod, beside, joined, pod
from tests.runtimes_real.functions import NAME, built
from tests.runtimes_real.modules import module, wasm_image
from tests.runtimes_real.node import Machine
from tests.rust_programs import shim

pytestmark = pytest.mark.shims

OCI, ARTIFACT = "registry.example/oci:1", "registry.example/prices:1.0"
RUNTIME = {"name": "wasmtime", "version": "v0.6.0"}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A node with crun and the shim."""
    program = shim()
    artifact = built(tmp_path_factory.mktemp("function")) / f"{NAME}.artifact.tar"

    def more() -> dict[str, bytes]:
        hello = wasm_image(OCI, module("hello from an OCI image"), "/hello.wasm")
        return {"oci.tar": hello, "artifact.tar": artifact.read_bytes()}

    with joined(tmp_path_factory.mktemp("cluster"), "containerd 2.3", {"wasmtime": program}, more) as machine:
        yield machine


def says(machine: Machine, namespace: str, expected: dict[str, str]) -> None:
    """Wait until the containers of a namespace have printed this."""
    wait(
        lambda: expected == machine.says(namespace),
        reason=lambda: f"{machine.says(namespace)} {machine.log()}",
    )


def test_a_module_in_a_container_image_runs(machine: Machine, run: Callable[..., Pod]) -> None:
    """By its RuntimeClass, with the user, the limits and the read-only root of every workload."""
    started = run("labels", kind="function", image=HELLO, runtime=RUNTIME, port=8080)
    says(machine, "labels", {"labels": "hello from a module"})
    assert "wasm-labels" == started["spec"]["runtimeClassName"]
    assert "running" in pod(machine.cluster, "labels")["status"]["containerStatuses"][0]["state"]


def test_an_oci_image_of_a_module_runs(machine: Machine, run: Callable[..., Pod]) -> None:
    """Whose layer is the module, without a file system."""
    run("oci", kind="function", image=OCI, runtime=RUNTIME, port=8080)
    says(machine, "oci", {"oci": "hello from an OCI image"})


def test_the_artifact_of_a_new_function_runs(machine: Machine, run: Callable[..., Pod]) -> None:
    """Of `edgefleet new-function`; it has no entrypoint, so the workload names the module.

    Our shim compiles it within the limit of the Pod's memory.
    """
    fields: dict[str, Any] = {"image": ARTIFACT, "runtime": RUNTIME, "command": [f"/{NAME}.wasm"]}
    fields |= {"environment": {"SITE": "berlin"}, "resources": {"memory": "512Mi"}}
    run("made", kind="function", **fields)
    wait(lambda: "berlin" in machine.says("made").get("made", ""), reason=machine.log)
    wait(lambda: pod(machine.cluster, "made")["status"]["phase"] == "Succeeded", reason=machine.log)


def test_a_module_runs_beside_a_container(machine: Machine, run: Callable[..., Pod]) -> None:
    """In one Pod: the shim runs both."""
    run("mixed", kind="function", image=HELLO, runtime=RUNTIME, port=8080, **beside("Deployment"))
    says(machine, "mixed", {"mixed": "hello from a module", "beside": "hello from a container"})


def test_a_module_that_fails_fails_its_job(machine: Machine, run: Callable[..., Pod]) -> None:
    """Its exit code is kept, which crun with WasmEdge loses."""
    run("seven", kind="job", image=SEVEN, runtime=RUNTIME, retries=0)
    cluster: Cluster = machine.cluster

    def failed() -> bool:
        (job,) = cluster.get("/apis/batch/v1/namespaces/seven/jobs")["items"]
        return any(
            (each["type"], each["status"]) == ("Failed", "True")
            for each in job["status"].get("conditions", ())
        )

    wait(failed, seconds=60, reason=lambda: f"{cluster.events('seven')}")
    (ended,) = pod(cluster, "seven")["status"]["containerStatuses"]
    assert 7 == ended["state"]["terminated"]["exitCode"]
    assert {"seven": "seven"} == machine.says("seven")
