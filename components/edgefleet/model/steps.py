"""Steps that an engine did or would do, independent of the engine, for reports and guards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Op = Literal["same", "create", "update", "replace", "delete", "read", "import", "refresh"]
Operation = Literal["preview", "up", "refresh", "destroy"]
Result = Literal["succeeded", "failed", "refused", "cancelled"]
STACK = "pulumi:pulumi:Stack"
"""Pulumi type of the stack itself."""
SECRET = "[secret]"  # noqa: S105 - shown in a secret's place
"""Stands in a `Step` wherever the engine knows a value to be secret."""
UNKNOWN = "[unknown]"
"""Stands in a `Step` wherever a value is not known before the update."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One resource in a preview or an update. A replacement is one step, op `replace`."""

    urn: str
    op: Op
    type: str
    """Pulumi type token, ``edgefleet:index:Site``."""
    diff: tuple[str, ...] = ()
    """Paths of the properties that differ, ``nodes.n1.network.address``; sorted."""
    old_inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    new_inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    old_outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    new_outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """In a preview: the outputs that the provider expects."""
    is_remains: bool = False
    """Deletes the remains of an interrupted replacement; the resource has a step of its own."""

    @property
    def name(self) -> str:
        """Last part of the URN: the resource's name in the program."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A message of the engine, the provider or the program."""

    severity: Literal["info", "warning", "error", "debug"]
    message: str
    urn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The whole of one preview, up, refresh or destroy."""

    engine: Literal["pulumi", "local"]
    stack: str
    operation: Operation
    result: Result
    steps: tuple[Step, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    outputs: dict[str, Any] = field(default_factory=dict, repr=False)
    """Outputs of the stack, secrets shown as `SECRET`."""
    seconds: float = 0.0
    """Wall-clock duration."""
