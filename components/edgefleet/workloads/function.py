"""function: a WebAssembly module that answers HTTP, or that runs and ends."""

from collections.abc import Iterator
from typing import Annotated, Literal

from edgefleet.errors import Problem
from edgefleet.model.references import ImageName
from edgefleet.model.spec import Written, spec, to_plain
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base import spinkube
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.modules import WasmRuntime, listening
from edgefleet.workloads.base.pods import Container, deployment, template
from edgefleet.workloads.base.runs import Runs, check_runs, run
from edgefleet.workloads.base.spec import Expose, Port, Probe, Replicas
from edgefleet.workloads.base.values import ContainerText

_SERVING = ("replicas", "expose", "probe")
_ENDING = ("schedule", "timeZone", "startsWithin", "history", "retries", "deadline")


@spec
class FunctionRuntime(WasmRuntime):
    """A runtime for WebAssembly, and what hands the function to it."""

    spinkube: bool = False
    """Whether SpinKube's operator, a chart of yours, runs it as a SpinApp: for spin and port 80 alone."""


@spec
class Function(Runs):
    """A WebAssembly module that answers HTTP, or that runs and ends."""

    kind: Annotated[Literal["function"], Written()] = "function"
    """function."""
    image: ImageName
    """Image of the module with a tag or a digest, registry.example/shop/prices:1.4."""
    runtime: FunctionRuntime
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
    """A Deployment behind a Service, or a SpinApp; a CronJob, or a Job."""
    yield from of.secrets_of(place, function.secrets)
    pod = template(place, function, _container(function, place))
    ports = [] if function.port is None else [function.port]
    if function.port is None:
        yield run(place, function, pod)
    elif function.runtime.spinkube:
        yield from spinkube.objects(place, function.runtime, pod, replicas=function.replicas)
    else:
        yield deployment(place, pod, replicas=function.replicas)
        yield of.service(place, place.name, {"http": function.port})
    if function.port is not None:
        yield from of.exposed(place, function.expose, place.name, function.port)
    yield of.network_policy(
        place, ports=ports, expose=function.expose, needs=function.needs, egress=function.egress
    )


def _container(function: Function, place: Place) -> Container:
    runtime = None if function.runtime.spinkube else function.runtime
    return Container(
        name=place.name,
        image=function.image,
        command=function.command,
        args=function.args,
        environment={**listening(runtime, function.port), **function.environment},
        secrets={name: name for name in function.secrets},
        secret_name=place.name,
        ports={"http": function.port} if function.port else {},
        probe=function.probe,
        probe_port="http" if function.port else "",
        resources=function.resources,
        writable=function.writable,
    )


def check(function: Function) -> Iterator[Problem]:
    """Fields that belong to the other form of a function."""
    written = to_plain(function)
    for key in filter(written.__contains__, _ENDING if function.port else _SERVING):
        form, hint = ("ends", "remove port") if function.port else ("serves", "set port")
        problem = f"{key} belongs to a function that {form}"
        yield Problem.of_value(key, "other-form", problem, f"{hint}, or remove {key}")
    if function.port is None:
        yield from check_runs(function)
    if function.runtime.spinkube:
        yield from spinkube.check(written, function.runtime)


KIND = Kind(name="function", spec=Function, objects=objects, check=check)
