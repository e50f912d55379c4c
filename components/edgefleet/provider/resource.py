"""`Resource`: what the file of a custom resource offers, a module or an object."""

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
        """Inputs, by outside name, whose change makes another resource."""
        ...

    @property
    def CLAIMS(self) -> tuple[str, ...]:  # noqa: N802 - a constant
        """Inputs, by outside name, that two cannot have alike: of two such the old one has to go first."""
        ...

    @property
    def STABLE(self) -> frozenset[str]:  # noqa: N802 - a constant
        """Outputs that no update changes."""
        ...

    def identity(self, spec: Any) -> str:
        """The id that `spec` will have; two specs of one identity cannot exist side by side."""
        ...

    def inspect(self, spec: Any) -> Iterable[Problem]:
        """What is wrong with `spec` beyond the types of its fields."""
        ...

    def inspect_change(self, old: Any, new: Any) -> Iterable[Problem]:
        """What is wrong with going from one spec to another, each right by itself."""
        ...

    def drifted(self, outputs: Mapping[str, Any]) -> list[str]:
        """Paths of recorded outputs that say: this is not as asked for, whatever the inputs."""
        ...

    def plan(self, spec: Any, outside: Environment) -> Any:
        """The outputs that creating `spec`, or updating to it, will have; nothing is changed.

        Typed where all are certain; otherwise a plain map of those that are.
        """
        ...

    def foresee(self, known: Mapping[str, Any], because: str, outside: Environment) -> Mapping[str, Any]:
        """The outputs that are certain although the input at path `because` is not known yet."""
        ...

    def create(self, spec: Any, outside: Environment) -> Created[Any]:
        """Make it. Raises `Incomplete` where it exists but is not finished."""
        ...

    def read(self, identity: str, outside: Environment, recorded: Mapping[str, Any]) -> Found[Any] | None:
        """It as it is now, None where it is gone; `recorded` outputs are empty in an import."""
        ...

    def update(self, identity: str, new: Any, outside: Environment, recorded: Mapping[str, Any]) -> Any:
        """Make it as `new` says; the new outputs. Raises `Incomplete` where it is done in part."""
        ...

    def delete(
        self,
        identity: str,
        outside: Environment,
        inputs: Mapping[str, Any],
        *,
        successor: Mapping[str, Any] | None = None,
    ) -> None:
        """Remove it; gone already is success.

        `successor` has the inputs of a resource of the same id that was made in its place just before: an
        engine that is told to replace makes the new one first. What belongs to both stays.
        """
        ...
