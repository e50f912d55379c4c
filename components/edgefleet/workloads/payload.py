"""payload: container images and programs that nodes carry, for Pods that something else declares."""

from collections.abc import Iterator
from typing import Annotated, Literal

from edgefleet.model.programs import KUBEEDGE, Release, Runtime
from edgefleet.model.references import ImageName
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Arch
from edgefleet.model.spec import Written, spec
from edgefleet.workloads.base.kind import Kind
from edgefleet.workloads.base.spec import Workload


@spec
class WasmRuntime:
    """A runtime for WebAssembly: a shim that k3s finds when it starts."""

    name: Runtime
    """wasmtime, wasmedge, wasmer or spin."""
    version: Release
    """Release of the shim, v0.6.0."""


@spec
class Payload(Workload):
    """What air-gapped nodes carry, without objects in a cluster."""

    kind: Annotated[Literal["payload"], Written()] = "payload"
    """payload."""
    images: tuple[ImageName, ...] = ()
    """Container images, each with a tag or a digest: registry.example/shop/till:1.4."""
    runtime: WasmRuntime | None = None
    """The runtime that modules need, if there are any of WebAssembly."""
    kubeedge: Release | None = None
    """Release of KubeEdge whose edgecore its nodes run, v1.23.1."""


def carries(payload: Payload, arch: Arch) -> Iterator[Requirement]:
    """Its images and programs."""
    programs = {KUBEEDGE: payload.kubeedge} if payload.kubeedge else {}
    if payload.runtime is not None:
        programs[payload.runtime.name] = payload.runtime.version
    for name, version in programs.items():
        yield Requirement.program(name, version, arch)
    for image in payload.images:
        yield Requirement.image(image, arch)


KIND = Kind(name="payload", spec=Payload, carries=carries)
