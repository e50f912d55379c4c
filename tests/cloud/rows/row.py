"""`Row`: what the lifecycle table has to know of one kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgefleet.cloud.base import CloudResource
from edgefleet.io.aws import Aws

Inputs = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind: inputs to make it with, to change it with, and what somebody may do behind our back."""

    resource: CloudResource
    inputs: Callable[[Mapping[str, str]], Inputs]
    """Given what `needs` made, the inputs: plain, by outside names."""
    changed: Callable[[Mapping[str, str]], Inputs] | None
    """Other inputs that an update in place leads to; None where every change makes another one."""
    drift: Callable[[Aws, str], None] | None
    """Changes the thing of an id straight in the cloud; None where nothing of it can change."""
    remove: Callable[[Aws, str], None]
    """Removes the thing of an id straight in the cloud."""
    needs: Callable[[Aws], dict[str, str]] = field(default=lambda _: {})
    """Makes what it needs straight in the cloud: dict[name -> id]."""
    keeps: frozenset[str] = frozenset()
    """Inputs that cannot be read back, so refresh keeps those on record and an import has none."""

    stride: int = 1
    """Every how many-th call a fault is put; more than one for a kind that makes very many."""

    @property
    def name(self) -> str:
        """``Vpc``."""
        return self.resource.TOKEN.rpartition(":")[2]
