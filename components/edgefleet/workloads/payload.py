"""payload: container images and programs that nodes carry, for Pods that something else declares."""

from collections.abc import Iterator
from typing import Annotated, Literal

from edgefleet.errors import Problem
from edgefleet.model.programs import KUBEEDGE, Release
from edgefleet.model.references import ImageName
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Arch
from edgefleet.model.spec import Written, spec
from edgefleet.workloads.base.kind import Kind
from edgefleet.workloads.base.modules import WasmRuntime, carried, check_release
from edgefleet.workloads.base.spec import Workload


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
    yield from carried(payload.runtime, arch)
    if payload.kubeedge is not None:
        yield Requirement.program(KUBEEDGE, payload.kubeedge, arch)
    for image in payload.images:
        yield Requirement.image(image, arch)


def check(payload: Payload) -> Iterator[Problem]:
    """The release of its runtime."""
    yield from check_release(payload.runtime)


KIND = Kind(name="payload", spec=Payload, carries=carries, check=check)
