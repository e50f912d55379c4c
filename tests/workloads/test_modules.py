"""Modules of WebAssembly in Pods of any kind: their RuntimeClass, their nodes, and what no runtime runs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.boot.conftest import Targets, target

from edgefleet.model.programs import PROGRAMS, ROLES_ANYWHERE, Handler
from edgefleet.model.spec import from_plain
from edgefleet.workloads import KINDS
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.modules import Modular, WasmRuntime, carried, check, check_pods, handlers_of
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.composing import entry, handlers, unpatched

__all__ = ["target"]

FIELDS: dict[str, dict[str, Any]] = {
    "function": {"port": 90},
    "inference": {
        "server": "custom",
        "model": {"source": "https://models.example/a.bin", "sha256": "a" * 64},
    },
    "job": {},
    "web": {"port": 90},
}
"""dict[kind that runs modules -> its fields besides image and runtime]."""


def workload(kind: str = "web", runtime: str = "wasmtime", **fields: Any) -> Modular:
    """A workload of a fleet file whose image is a module."""
    of_runtime = {"name": runtime} | ({"version": "v0.6.0"} if runtime in PROGRAMS else {})
    plain = {"kind": kind, "image": "registry.example/a:1.0", "runtime": of_runtime, **FIELDS[kind], **fields}
    made: Modular = from_plain(KINDS[kind].spec, plain)
    return made


def objects(of: Modular) -> list[Object]:
    """Its objects at a site."""
    return unpatched(of, Place(name="a"))


def pod(of: Modular) -> Mapping[str, Any]:
    """The only Pod of a workload."""
    (found,) = [pod for each in objects(of) if (pod := pod_of(each))]
    return found


def test_the_kinds_that_run_an_image_of_ones_own_run_modules() -> None:
    assert {*FIELDS} == {name for name, kind in KINDS.items() if issubclass(kind.spec, Modular)}


@pytest.mark.parametrize("kind", FIELDS)
def test_pods_run_on_nodes_with_the_runtime_alone(kind: str) -> None:
    """By the RuntimeClass that they name."""
    made = objects(workload(kind, "spin"))
    (runtime_class,) = [each for each in made if each["kind"] == "RuntimeClass"]
    assert ("spin", "wasm-a") == (runtime_class["handler"], runtime_class["metadata"]["name"])
    assert {"nodeSelector": {"wasm.edgefleet.dev/spin": "true"}} == runtime_class["scheduling"]
    assert ("spin",) == handlers_of(made)
    assert "wasm-a" == pod(workload(kind, "spin"))["runtimeClassName"]
    assert () == handlers_of(objects(replace(workload("web"), runtime=None)))


def test_crun_needs_an_annotation_of_the_pod() -> None:
    """By which it runs other containers of the Pod as such."""
    for runtime, expected in (("crun-wasm", {"module.wasm.image/variant": "compat-smart"}), ("spin", None)):
        (deployment,) = [each for each in objects(workload(runtime=runtime)) if each["kind"] == "Deployment"]
        assert expected == deployment["spec"]["template"]["metadata"].get("annotations")


@pytest.mark.parametrize(
    ("runtime", "variable"),
    [("wasmtime", "WASMTIME_HTTP_PROXY_SOCKET_ADDR"), ("spin", "SPIN_HTTP_LISTEN_ADDR")],
)
@pytest.mark.parametrize("kind", ["function", "web"])
def test_a_shim_that_serves_http_gets_the_port(kind: str, runtime: str, variable: str) -> None:
    """Unless the fleet file sets the variable itself."""
    for fields, address in (({}, "0.0.0.0:90"), ({"environment": {variable: "[::]:90"}}, "[::]:90")):
        container = pod(workload(kind, runtime, **fields))["containers"][0]
        assert [{"name": variable, "value": address}] == container["env"]


@pytest.mark.parametrize("runtime", sorted(PROGRAMS.keys() - {"kubeedge", ROLES_ANYWHERE}))
def test_air_gapped_nodes_carry_the_shim(runtime: str) -> None:
    (need,) = carried(workload(runtime=runtime).runtime, "arm64")
    assert (f"bin/{PROGRAMS[runtime].name}", "v0.6.0") == (need.path, need.version)
    assert [] == [*carried(workload(runtime="crun-wasm").runtime, "arm64")]


def test_a_node_has_the_runtimes_of_its_base_system_and_of_its_payload(target: Targets) -> None:
    """Those of the payload where it is air-gapped, of the workloads that may run there."""
    site = target("server-and-agent").site
    crun = entry(workload(runtime="crun-wasm"))
    nodes = site.nodes | {"srv": replace(site.nodes["srv"], wasm=("crun-wasm",))}
    site = replace(site, nodes=nodes, workloads={"a": entry(workload(), ["cam"]), "b": crun})
    assert (("crun-wasm",), ()) == (handlers(site, "srv"), handlers(site, "cam"))
    site = replace(site, airgap=True)
    assert (("crun-wasm",), ("wasmtime",)) == (handlers(site, "srv"), handlers(site, "cam"))


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"where": {"cloud": True}}, ["no-runtime"]),
        ({"accelerator": {"resource": "a.example/gpu", "runtimeClass": "a"}}, ["two-runtimes"]),
        ({"accelerator": {"resource": "a.example/gpu"}}, []),
    ],
)
def test_contradictions_are_problems(fields: dict[str, Any], codes: list[str]) -> None:
    assert codes == [problem.code for problem in check(workload("job", **fields))]


@pytest.mark.parametrize(
    ("runtime", "version", "codes"),
    [("spin", None, ["shim-release"]), ("crun-wasm", "v1.21.0", ["shim-release"]), ("spin", "v0.24.0", [])],
)
def test_shims_have_a_release_and_crun_has_none(
    runtime: Handler, version: str | None, codes: list[str]
) -> None:
    of_runtime = WasmRuntime(name=runtime, version=version)
    assert codes == [problem.code for problem in check(replace(workload(), runtime=of_runtime))]


@pytest.mark.parametrize(
    ("kind", "runtime", "fields", "codes"),
    [
        ("job", "crun-wasm", {}, ["lost-exit-code"]),
        ("function", "crun-wasm", {"port": None, "schedule": "0 3 * * *"}, ["lost-exit-code"]),
        ("inference", "crun-wasm", {"warmUp": {"command": ["/a.wasm"]}}, ["lost-exit-code"]),
        ("inference", "spin", {}, ["mixed-pod"]),
        *((kind, "wasmtime", {}, []) for kind in FIELDS),
        ("web", "crun-wasm", {}, []),
        ("web", "spin", {}, []),
    ],
)
def test_what_a_runtime_cannot_run_is_a_problem(
    kind: str, runtime: str, fields: dict[str, Any], codes: list[str]
) -> None:
    """Programs whose exit code counts under crun, and containers beside an application of Spin."""
    of = workload(kind, runtime, **fields)
    assert codes == [problem.code for problem in check_pods(of, objects(of))]
