"""A kind of custom resource: its operations, the environment that they work in, and their results."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io.aws import Aws
from edgefleet.io.clock import Clock, RealClock
from edgefleet.io.ownership import Owner
from edgefleet.io.store import ArtifactStore, open_store
from edgefleet.io.waiting import UNKNOWN_FOR, until_known
from edgefleet.model.differ import is_same
from edgefleet.model.unknown import is_known

Warn = Callable[[str], None]
"""Reports a warning to the engine's user, beside the resource that a call is about."""
Outputs = TypeVar("Outputs", covariant=True)  # noqa: PLC0105 - reads best without a suffix


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """All that a resource may reach."""

    project: Path
    """Directory that relative paths of a program are in."""
    aws: Aws = field(default_factory=Aws)
    clock: Clock = field(default_factory=RealClock, compare=False)
    owner: Owner | None = None
    """Owner of the resource; None where there is none."""
    holder: str = ""
    """Distinguishes two stacks of one name; see `Owner.holder`."""
    warn: Warn = field(default=lambda _: None, repr=False, compare=False)
    deadline: float | None = None
    """Time of `clock` at which the operation is to end; None where each wait has its own limit."""
    _stores: dict[str, ArtifactStore] = field(default_factory=dict, repr=False, compare=False)

    def patience(self, default: float) -> float:
        """Seconds to wait: those up to the deadline, else `default`."""
        return default if self.deadline is None else max(0.0, self.deadline - self.clock.monotonic())

    def call(self, service: str, method: str, place: str, **parameters: Any) -> dict[str, Any]:
        """As `Aws.call`; waits while AWS does not know yet what the call names, such as a new role."""
        return until_known(
            lambda: self.aws.call(service, method, place, **parameters),
            self.clock,
            patience=self.patience(UNKNOWN_FOR),
        )

    def store(self, uri: str) -> ArtifactStore:
        """The artifact store at `uri`, one for all that ask.

        Raises:
            InvalidInput: `uri` names no store.
        """
        store = self._stores.get(uri)
        if store is None:
            store = self._stores.setdefault(uri, open_store(uri, aws=self.aws, root=self.project))
        return store


@dataclass(frozen=True, kw_only=True)
class Created(Generic[Outputs]):
    """A resource that was made."""

    id: str
    outputs: Outputs


@dataclass(frozen=True, kw_only=True)
class Found(Generic[Outputs]):
    """A resource as it is now."""

    id: str
    outputs: Outputs
    inputs: dict[str, Any] | None = None
    """Its actual inputs, plain, camelCase; None where they are unknown and the recorded ones stay."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """All its tags, those of its owner among them; empty where it can have none."""


class Incomplete(OutsideFailure):
    """A resource that was made or changed in part; it exists, and the next update goes on with it."""

    def __init__(
        self,
        problems: tuple[Problem, ...],
        *,
        id: str,  # noqa: A002 - Pulumi's word
        outputs: object,
        inputs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(problems)
        self.id = id
        self.outputs = outputs
        self.inputs = inputs
        """Its actual inputs, where it was looked up."""


class Resource(ABC):
    """One kind of custom resource. Specs are typed, outputs that come from state are plain.

    Inputs and outputs are named as outside, in camelCase.
    """

    TOKEN: ClassVar[str]
    """Pulumi type token."""
    Spec: ClassVar[type[Any]]
    """The inputs."""
    Outputs: ClassVar[type[Any]]
    REPLACE_ON: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change replaces the resource."""
    MAY_REPLACE: ClassVar[frozenset[str]] = frozenset()
    """Inputs of which only some changes do; `replacing` decides."""
    CLAIMS: ClassVar[tuple[str, ...]] = ()
    """Inputs that must be unique: on a replacement that keeps them the old one is deleted first.

    One without a value for the first of them claims nothing.
    """
    SCOPE: ClassVar[tuple[str, ...]] = ()
    """Inputs within whose values they must be: the region, where it is not the whole world."""
    HELD: ClassVar[str] = ""
    """What to do in place of deleting it first, which AWS refuses while something uses it; empty if none.

    A change that would need it is refused, in a preview too.
    """
    LONGEST_NAME: ClassVar[int] = 0
    """Length of the name that edgefleet chooses where a program gives none; 0 where it has to give one."""
    UNREADABLE: ClassVar[frozenset[str]] = frozenset()
    """Inputs that replace it and that nothing outside has: an import without them is no change of them."""
    STABLE: ClassVar[frozenset[str]] = frozenset()
    """Outputs that no update changes."""

    def identity(self, spec: Any) -> str:  # noqa: ARG002 - for kinds that choose it
        """The id that `spec` will have, empty if the service chooses it; two of one id cannot exist."""
        return ""

    def replacing(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG002 - for kinds of which it depends on values
        """Inputs whose change replaces the resource; any value of `new` may be `UNKNOWN`."""
        return self.REPLACE_ON

    def collides(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether resources of the inputs `old` and `new` cannot exist at once: both claim the same."""
        return any(old.get(name) is not None for name in self.CLAIMS[:1]) and all(
            is_known(new.get(name)) and is_same(self.Spec, name, old.get(name), new.get(name))
            for name in (*self.CLAIMS, *self.SCOPE)
        )

    @abstractmethod
    def inspect(self, spec: Any) -> Iterable[Problem]:
        """Problems of `spec` beyond the types of its fields; any value of it may be `UNKNOWN`."""

    def takes(self, inputs: Mapping[str, Any]) -> Iterable[str]:
        """What it alone may have among the resources of one program; nothing where that is not known yet.

        Where an input of both is the output of a resource that does not exist yet, nobody can tell before up.
        """
        values = [inputs.get(name) for name in self.CLAIMS]
        return ["/".join(map(str, values))] if all(isinstance(value, str | int) for value in values) else ()

    def verify(self, spec: Any, environment: Environment) -> Iterable[Problem]:  # noqa: ARG002 - for kinds with some
        """Problems that the service alone shows, for a preview; any value of `spec` may be `UNKNOWN`.

        What may not be looked up is no problem.
        """
        return ()

    def inspect_change(self, old: Any, new: Any) -> Iterable[Problem]:  # noqa: ARG002 - for kinds that refuse one
        """Problems of a change between two specs that are each valid; any value of `new` may be `UNKNOWN`."""
        return ()

    def drifted(self, outputs: Mapping[str, Any]) -> list[str]:  # noqa: ARG002 - for kinds that record drift
        """Paths of recorded outputs that show drift, independent of the inputs."""
        return []

    def plan(self, spec: Any, environment: Environment) -> Any:  # noqa: ARG002 - for kinds that know some
        """The outputs of creating `spec` or updating to it; nothing is changed.

        Typed if all are certain; otherwise a plain map of those that are.
        """
        return {}

    def plan_update(self, spec: Any, environment: Environment, recorded: Mapping[str, Any]) -> Any:  # noqa: ARG002 - for kinds whose outputs depend on earlier ones
        """As `plan`, for an update of what has the `recorded` outputs."""
        return self.plan(spec, environment)

    def recall(
        self, inputs: Mapping[str, Any], recorded: Mapping[str, Any], environment: Environment
    ) -> None:
        """Fetch what showing a change from recorded inputs and outputs takes; without it less is shown."""
        del inputs, recorded, environment

    def foresee(self, inputs: Mapping[str, Any], because: str, environment: Environment) -> Mapping[str, Any]:  # noqa: ARG002 - as `plan`
        """The outputs that are certain although the input at path `because` is unknown."""
        return {}

    @abstractmethod
    def create(self, spec: Any, environment: Environment) -> Created[Any]:
        """Create it, or continue with one of an interrupted run.

        Raises:
            Incomplete: it exists but is not finished.
        """

    @abstractmethod
    def read(self, identity: str, environment: Environment, recorded: Mapping[str, Any]) -> Found[Any] | None:
        """Its live state, None if it does not exist; `recorded` outputs are empty in an import."""

    @abstractmethod
    def update(self, identity: str, new: Any, environment: Environment, recorded: Mapping[str, Any]) -> Any:
        """Set the differences from its live state; the new outputs.

        Raises:
            Incomplete: only a part succeeded.
        """

    @abstractmethod
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
        """
