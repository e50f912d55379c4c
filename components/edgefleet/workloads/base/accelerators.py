"""Accelerators of nodes: resources that a device plugin counts (Kubernetes docs, device plugins)."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from edgefleet.errors import Problem
from edgefleet.model.names import DOMAIN_RE, Name
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar
from edgefleet.workloads.base.spec import Where

_RESOURCE = Grammar(
    rf"{DOMAIN_RE}/[A-Za-z0-9]([A-Za-z0-9_.-]{{0,61}}[A-Za-z0-9])?",
    "bad-resource",
    "a resource of a device plugin",
    "write it like nvidia.com/gpu",
    317,
)
ResourceName = Annotated[str, _RESOURCE]


@spec
class Accelerator:
    """Accelerators of a node, which a device plugin on it counts."""

    resource: ResourceName
    """Resource of the device plugin, nvidia.com/gpu."""
    count: Annotated[int, Field(ge=1, le=64)] = 1
    """How many one Pod takes."""
    runtime_class: Name | None = None
    """RuntimeClass of Pods with it: nvidia, where k3s has found NVIDIA's container runtime."""

    @property
    def request(self) -> dict[str, int]:
        """dict[resource -> count] of a container."""
        return {self.resource: self.count}


def check_accelerator(accelerator: Accelerator | None, where: Where) -> Iterator[Problem]:
    """An accelerator on nodes of which nothing states that they have one; of the hub the cloud decides."""
    if accelerator is None or where.capabilities or where.profiles or where == Where(cloud=True):
        return
    problem = f"nothing states that its nodes have {accelerator.resource}"
    hint = "add gpu to where.capabilities, and to capabilities of the profiles whose nodes have it"
    yield Problem.of_value("where.capabilities", "no-accelerator", problem, hint)
