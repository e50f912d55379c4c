"""The environment that a resource works in, and the results that it returns."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io.aws import Aws
from edgefleet.io.clock import Clock, RealClock
from edgefleet.io.ownership import Owner
from edgefleet.io.store import ArtifactStore, open_store

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
    _stores: dict[str, ArtifactStore] = field(default_factory=dict, repr=False, compare=False)

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


class Incomplete(OutsideFailure):
    """A resource that was made or changed in part; it exists, and the next update goes on with it."""

    def __init__(self, problems: tuple[Problem, ...], *, id: str, outputs: object) -> None:  # noqa: A002 - Pulumi's word
        super().__init__(problems)
        self.id = id
        self.outputs = outputs
