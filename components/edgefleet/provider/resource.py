"""`Resource`: the interface of a custom resource, a module or an object."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from edgefleet.errors import Problem
from edgefleet.io.environment import Created, Environment, Found


class Resource(Protocol):
    """One kind of custom resource. Specs are typed, outputs that come from state are plain."""

    @property
    def TOKEN(self) -> str:  # noqa: N802 - a constant where the resource is a module
        """Pulumi type token."""
        ...

    @property
    def Spec(self) -> type[Any]:  # noqa: N802 - a class
        """The inputs."""
        ...

    @property
    def Outputs(self) -> type[Any]:  # noqa: N802 - a class
        """The outputs."""
        ...

    @property
    def REPLACE_ON(self) -> frozenset[str]:  # noqa: N802 - a constant
        """Inputs, by outside name, whose change replaces the resource."""
        ...

    @property
    def CLAIMS(self) -> tuple[str, ...]:  # noqa: N802 - a constant
        """Inputs, by outside name, that must be unique: on a replacement the old one is deleted first."""
        ...

    @property
    def STABLE(self) -> frozenset[str]:  # noqa: N802 - a constant
        """Outputs that no update changes."""
        ...

    def identity(self, spec: Any) -> str:
        """The id that `spec` will have; two specs of one identity cannot exist side by side."""
        ...

    def inspect(self, spec: Any) -> Iterable[Problem]:
        """Problems of `spec` beyond the types of its fields."""
        ...

    def inspect_change(self, old: Any, new: Any) -> Iterable[Problem]:
        """Problems of a change between two specs that are each valid."""
        ...

    def drifted(self, outputs: Mapping[str, Any]) -> list[str]:
        """Paths of recorded outputs that show drift, independent of the inputs."""
        ...

    def plan(self, spec: Any, environment: Environment) -> Any:
        """The outputs of creating `spec` or updating to it; nothing is changed.

        Typed if all are certain; otherwise a plain map of those that are.
        """
        ...

    def foresee(self, inputs: Mapping[str, Any], because: str, environment: Environment) -> Mapping[str, Any]:
        """The outputs that are certain although the input at path `because` is unknown."""
        ...

    def create(self, spec: Any, environment: Environment) -> Created[Any]:
        """Create it. Raises `Incomplete` if it exists but is not finished."""
        ...

    def read(self, identity: str, environment: Environment, recorded: Mapping[str, Any]) -> Found[Any] | None:
        """Its live state, None if it does not exist; `recorded` outputs are empty in an import."""
        ...

    def update(self, identity: str, new: Any, environment: Environment, recorded: Mapping[str, Any]) -> Any:
        """Update it to `new`; the new outputs. Raises `Incomplete` if only a part succeeds."""
        ...

    def delete(
        self,
        identity: str,
        environment: Environment,
        inputs: Mapping[str, Any],
        *,
        successor: Mapping[str, Any] | None = None,
    ) -> None:
        """Delete it; success if it does not exist.

        `successor` has the inputs of its replacement of the same id: an engine creates the new one first.
        Parts that belong to both stay.
        """
        ...
