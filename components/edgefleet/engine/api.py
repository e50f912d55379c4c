"""The interface of both engines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from pulumi.automation.events import EngineEvent

from edgefleet.model.steps import Operation, Outcome

OnEvent = Callable[[EngineEvent], None]
"""Receives each engine event during a run, one at a time, from any thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The stack of a run, and how to run it."""

    stack: str
    project: Path
    """Folder of Pulumi.yaml."""
    targets: tuple[str, ...] = ()
    """URNs (the CLI's ``*`` and ``**`` allowed) or names of resources; none is all."""
    refresh: bool = False
    """Refresh the state first."""
    clear_pending: bool = False
    """Have a refresh forget creations of unknown outcome; other operations keep them."""
    parallel: int = 16
    """How many steps may run at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource in a stack's state."""

    urn: str
    type: str
    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    created: str = ""
    modified: str = ""
    """Times as RFC 3339; empty where they are not recorded."""

    @property
    def name(self) -> str:
        """Last part of the URN: the resource's name in the program."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """A stack's state, without resources that are pending deletion; empty if there is none."""

    resources: tuple[Resource, ...] = ()

    def find(self, type_: str) -> dict[str, Resource]:
        """Return the resources of a type by name."""
        return {resource.name: resource for resource in self.resources if resource.type == type_}


class Engine(Protocol):
    """Previews and applies a project."""

    @property
    def name(self) -> Literal["pulumi", "local"]:
        """Its name, as in `Outcome.engine`."""

    def run(self, operation: Operation, options: Options, on_event: OnEvent | None = None) -> Outcome:
        """Preview, bring up, refresh or destroy a stack.

        A failed step is an outcome (``failed``, with the provider's message as a diagnostic), not an error.

        Raises:
            InvalidInput: the project, its configuration or its program is at fault.
            OutsideFailure: the state could not be saved, or the CLI failed.
            Refused: the stack is locked, elsewhere, or uses features that the engine does not have.
        """

    def state(self, options: Options, *, show_secrets: bool = False) -> StackState:
        """Return a stack's state; secrets are ``[secret]`` unless requested.

        Raises:
            InvalidInput: there is no such stack, or its state is damaged.
        """
