"""function: a WebAssembly module that answers HTTP, or that runs and ends.

A RuntimeClass of its own names the handler, beside those that k3s applies (its AddOn `runtimes`): two AddOns
with one object would undo each other, and k3s's can be disabled. k3s has the handler of a runtime where it
found the shim of it at its start (k3s docs, advanced); on another node the Pod does not start. So a function
is placed by the capability `wasm`, which the profiles of nodes with a shim have.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from edgefleet.errors import Problem
from edgefleet.model.references import ImageName
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Arch
from edgefleet.model.spec import Written, spec, to_plain
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.pods import Container, deployment, template
from edgefleet.workloads.base.runs import Runs, check_runs, run
from edgefleet.workloads.base.spec import Expose, Port, Probe, Replicas
from edgefleet.workloads.base.values import ContainerText
from edgefleet.workloads.payload import WasmRuntime

CAPABILITY = "wasm"
"""Capability of the profiles whose nodes have a runtime for WebAssembly."""
LISTEN = {"wasmtime": "WASMTIME_HTTP_PROXY_SOCKET_ADDR", "spin": "SPIN_HTTP_LISTEN_ADDR"}
"""dict[runtime whose shim serves HTTP for the module -> variable with its address] (runwasi's shim of
wasmtime; constants of containerd-shim-spin). A module of another runtime opens its port itself."""
_SERVING = ("replicas", "expose", "probe")
_ENDING = ("schedule", "timeZone", "startsWithin", "history", "retries", "deadline")


@spec
class Function(Runs):
    """A WebAssembly module that answers HTTP, or that runs and ends."""

    kind: Annotated[Literal["function"], Written()] = "function"
    """function."""
    image: ImageName
    """Image of the module with a tag or a digest, registry.example/shop/prices:1.4."""
    runtime: WasmRuntime
    """What runs it; images of air-gapped nodes carry its shim."""
    port: Port | None = None
    """Port at which it serves HTTP. Without one it runs and ends, once or by its schedule."""
    command: tuple[ContainerText, ...] = ()
    """Path of the module in the image, [/prices.wasm], instead of its image's own."""
    args: tuple[ContainerText, ...] = ()
    """Arguments of the module."""
    replicas: Replicas = 1
    """How many Pods serve, spread over the nodes."""
    expose: Expose | None = None
    """How it is reached from outside of the cluster; by default only other workloads reach it."""
    probe: Probe = Probe()
    """How Kubernetes finds out that it serves."""


def objects(function: Function, place: Place) -> Iterator[Object]:
    """A RuntimeClass, with a Deployment behind a Service, a CronJob, or a Job."""
    name = f"function-{place.name}"
    yield {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": name, "labels": of.labels(place) | of.MANAGER},
        "handler": function.runtime.name,
    }
    yield from of.secrets_of(place, function.secrets)
    pod = template(place, function, _container(function, place), runtimeClassName=name)
    ports = [] if function.port is None else [function.port]
    if function.port is None:
        yield run(place, function, pod)
    else:
        yield deployment(place, pod, replicas=function.replicas)
        yield of.service(place, place.name, {"http": function.port})
        yield from of.exposed(place, function.expose, place.name, function.port)
    yield of.network_policy(
        place, ports=ports, expose=function.expose, needs=function.needs, egress=function.egress
    )


def _container(function: Function, place: Place) -> Container:
    listen = LISTEN.get(function.runtime.name)
    address = {listen: f"0.0.0.0:{function.port}"} if listen and function.port else {}
    return Container(
        name=place.name,
        image=function.image,
        command=function.command,
        args=function.args,
        environment={**address, **function.environment},
        secrets={name: name for name in function.secrets},
        secret_name=place.name,
        ports={"http": function.port} if function.port else {},
        probe=function.probe,
        probe_port="http" if function.port else "",
        resources=function.resources,
        writable=function.writable,
    )


def carries(function: Function, arch: Arch) -> Iterator[Requirement]:
    """The shim of its runtime."""
    yield Requirement.program(function.runtime.name, function.runtime.version, arch)


def check(function: Function) -> Iterator[Problem]:
    """Nodes without a runtime, and fields that belong to the other form of a function."""
    if CAPABILITY not in (function.where.capabilities or ()):
        problem = f"its nodes may lack the shim of {function.runtime.name}"
        hint = (
            f"add {CAPABILITY} to where.capabilities, and to capabilities of the profiles whose nodes have it"
        )
        yield Problem.of_value("where.capabilities", "no-runtime", problem, hint)
    written = to_plain(function)
    for key in filter(written.__contains__, _ENDING if function.port else _SERVING):
        form, hint = ("ends", "remove port") if function.port else ("serves", "set port")
        problem = f"{key} belongs to a function that {form}"
        yield Problem.of_value(key, "other-form", problem, f"{hint}, or remove {key}")
    if function.port is None:
        yield from check_runs(function)


KIND = Kind(name="function", spec=Function, objects=objects, carries=carries, check=check)
