"""WebAssembly in Pods: the runtime of a workload, its RuntimeClass, and what a runtime cannot run. Pure.

A RuntimeClass of the workload's own names the handler, beside those that k3s applies (its AddOn `runtimes`):
two AddOns with one object would undo each other, and k3s's can be disabled and selects no nodes. A node has a
label for each of its handlers (`edgefleet.workloads.composing.handlers`), which the RuntimeClass selects.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from edgefleet.errors import Problem
from edgefleet.model.programs import CRUN, KRUSTLET, PROGRAMS, Handler, Release
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Arch
from edgefleet.model.spec import spec
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.objects import MANAGER, labels
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.base.spec import Pods, Workload

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
LABEL = "wasm.edgefleet.dev/"
"""Prefix of the labels of a node for the handlers that it has, each with the value ``true``."""
_LISTEN = {"wasmtime": "WASMTIME_HTTP_PROXY_SOCKET_ADDR", "spin": "SPIN_HTTP_LISTEN_ADDR"}
"""dict[runtime whose shim serves HTTP for the module -> variable with its address] (runwasi's shim of
wasmtime; constants of containerd-shim-spin). A module of another runtime opens its port itself."""
_TOLERATED: tuple[Object, ...] = (
    {"key": "kubernetes.io/arch", "operator": "Equal", "value": "wasm32-wasi"},
    {"key": "node.kubernetes.io/network-unavailable", "operator": "Exists", "effect": "NoSchedule"},
)
"""Taints of nodes of Krustlet (krustlet, demos/wasi/greet)."""
_SMART = {"module.wasm.image/variant": "compat-smart"}
"""Annotation by which crun runs entrypoints that are modules as such, and others in the Pod as containers
(crun, docs/wasm-wasi-on-kubernetes.md); without one it runs no module."""


@spec
class WasmRuntime:
    """A runtime for WebAssembly."""

    name: Handler | Literal["krustlet"]
    """wasmtime, wasmedge, wasmer or spin, which are shims of containerd; crun-wasm: crun with WasmEdge or
    WAMR; or krustlet, on nodes of this runtime."""
    version: Release | None = None
    """Release of the shim, v0.6.0, that images of air-gapped nodes carry; crun-wasm has none."""


@spec
class Modular(Pods):
    """What a workload has whose Pods run an image of one's own."""

    runtime: WasmRuntime | None = None
    """What runs its image as a module of WebAssembly; by default it is a container."""


def runtime_of(workload: Workload) -> WasmRuntime | None:
    """The runtime of a workload's Pods; `None` where they are containers."""
    return workload.runtime if isinstance(workload, Modular) else None


def class_name(place: Place) -> str:
    """The name of the RuntimeClass of a workload."""
    return f"wasm-{place.name}"


def runtime_class(place: Place, runtime: WasmRuntime) -> Object:
    """The RuntimeClass of a workload: on nodes that have its runtime alone.

    Kubernetes gives its tolerations to the Pods, which so run on nodes of Krustlet, where no others do.
    """
    tolerations = {"tolerations": list(_TOLERATED)} if runtime.name == KRUSTLET else {}
    return {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": class_name(place), "labels": labels(place) | MANAGER},
        "handler": runtime.name,
        "scheduling": {"nodeSelector": {f"{LABEL}{runtime.name}": "true"}, **tolerations},
    }


def annotations(workload: Workload) -> dict[str, str]:
    """The annotations of a workload's Pods."""
    runtime = runtime_of(workload)
    return dict(_SMART) if runtime is not None and runtime.name == CRUN else {}


def listening(runtime: WasmRuntime | None, port: int | None) -> dict[str, str]:
    """The environment of a module whose shim serves HTTP for it at `port`."""
    variable = _LISTEN.get(runtime.name) if runtime is not None else None
    return {variable: f"0.0.0.0:{port}"} if variable and port else {}


def carried(runtime: WasmRuntime | None, arch: Arch) -> Iterator[Requirement]:
    """The shim that an air-gapped node carries."""
    if runtime is not None and runtime.version is not None:
        yield Requirement.program(runtime.name, runtime.version, arch)


def check_release(runtime: WasmRuntime | None) -> Iterator[Problem]:
    """A shim without a release, and a release of what nodes have already."""
    if runtime is not None and (runtime.version is None) == (runtime.name in PROGRAMS):
        is_shim = runtime.name in PROGRAMS
        problem = f"{runtime.name} {'needs a' if is_shim else 'has no'} release, which images of nodes carry"
        hint = "add version, such as v0.6.0" if is_shim else "remove version: nodes have it already"
        yield Problem.of_value("runtime", "shim-release", problem, hint)


def check(workload: Workload) -> Iterator[Problem]:
    """A runtime that no node of the hub has, and a second one for the same Pods."""
    runtime = runtime_of(workload)
    if runtime is None:
        return
    yield from check_release(runtime)
    if workload.where.cloud:
        problem = f"the hub has no {runtime.name}, which runs its image as a module"
        yield Problem.of_value("where.cloud", "no-runtime", problem, "remove cloud")
    accelerator = getattr(workload, "accelerator", None)
    if accelerator is not None and accelerator.runtime_class is not None:
        problem = f"its Pods have one RuntimeClass, for {runtime.name} or {accelerator.runtime_class}"
        hint = "remove runtime, or accelerator.runtimeClass"
        yield Problem.of_value("accelerator.runtimeClass", "two-runtimes", problem, hint)


def check_pods(workload: Workload, objects: Iterable[Object]) -> Iterator[Problem]:
    """Pods of a workload at a place that its runtime cannot run.

    crun with WasmEdge 0.14 ends with 0 whatever the module's exit code is (tests/runtimes_real). Whether the
    shim of Spin runs containers beside an application is not known.
    """
    runtime = runtime_of(workload)
    if runtime is None:
        return
    for kind, pod in ((each["kind"], pod) for each in objects if (pod := pod_of(each))):
        if runtime.name == KRUSTLET:
            yield from _of_krustlet(pod)
        containers = [*(pod.get("initContainers") or ()), *pod["containers"]]
        is_asked = any("exec" in (each.get(probe) or {}) for each in pod["containers"] for probe in _PROBES)
        if runtime.name == CRUN and (kind in {"Job", "CronJob"} or is_asked):
            by = "a probe by a command" if is_asked else f"a {kind}"
            problem = (
                f"{by} needs exit codes, which crun with WasmEdge 0.14 loses: a failure looks like a success"
            )
            hint = "use the runtime wasmtime, or a container"
            yield Problem.of_value("runtime", "lost-exit-code", problem, hint)
        elif runtime.name == "spin" and len(containers) > 1:
            problem = (
                f"its Pod has {len(containers)} containers, and spin is known to run one application alone"
            )
            hint = "use the runtime wasmtime, wasmedge, wasmer or crun-wasm, or separate workloads"
            yield Problem.of_value("runtime", "mixed-pod", problem, hint)


def _of_krustlet(pod: Mapping[str, Any]) -> Iterator[Problem]:
    """What Krustlet does not give a Pod (krustlet, crates/kubelet/src/volume; docs/topics/architecture)."""
    if any(each.get("ports") for each in pod["containers"]):
        problem = "a module opens no port with Krustlet, and its Pods have no network"
        hint = "use the runtime wasmtime, or remove port: it then runs and ends"
        yield Problem.of_value("runtime", "no-port", problem, hint)
    if any("emptyDir" in volume for volume in pod.get("volumes") or ()):
        problem = "Krustlet mounts no folders that are empty at each start"
        yield Problem.of_value("runtime", "no-folder", problem, "write writable: []")


def handlers_of(objects: Iterable[Object]) -> tuple[str, ...]:
    """The handlers whose nodes the RuntimeClasses of a workload select."""
    selectors = (
        (each.get("scheduling") or {}).get("nodeSelector") or {}
        for each in objects
        if each["kind"] == "RuntimeClass"
    )
    return tuple(key.removeprefix(LABEL) for each in selectors for key in each if key.startswith(LABEL))
