"""Where objects go: a cluster, or a directory. Both have the same four operations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from edgefleet.model.kubernetes import CRD, Kind, Object, Ref, at
from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.kubernetes.state import to_object, to_properties
from edgefleet.provider.properties import unknowns

_INPUTS, _INITIAL, _MANAGER = "__inputs", "__initialApiVersion", "__fieldManager"
"""Outputs beside the live object, as the real plugin names them."""
Warn = Callable[[str, str], None]
"""Reports a warning to the engine's user, beside the resource of a URN (empty: none)."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An object as the program wants it."""

    urn: str
    marks: Mapping[str, Any] = field(repr=False)
    """Its properties, with what is secret."""
    manager: str
    """Its field manager."""
    timeout: float = 0
    """Seconds of customTimeouts; 0: none."""
    ignored: tuple[str, ...] = ()
    """Paths whose changes the program ignores."""
    initial: str = ""
    """The apiVersion that it was created with; empty: its own."""

    @cached_property
    def item(self) -> Object:
        """The object, in clear."""
        return to_object(self.marks)

    @property
    def is_known(self) -> bool:
        """Whether all of it is."""
        return not any(unknowns(self.item))

    def outputs(self, live: Object) -> dict[str, Any]:
        """What is recorded of it, given the live object."""
        return {
            **to_properties(live, self.marks),
            _INPUTS: to_properties(self.item, self.marks),
            _INITIAL: self.initial or str(self.item.get("apiVersion", "")),
            _MANAGER: self.manager,
        }


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An object as the state has it."""

    id: str
    outputs: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The program's; empty for an import."""

    @cached_property
    def live(self) -> Object:
        """As it was read last."""
        return to_object({key: value for key, value in self.outputs.items() if not key.startswith("__")})

    @property
    def applied(self) -> Object:
        """The inputs that were applied last."""
        return to_object(self.outputs.get(_INPUTS) or {})

    @property
    def ref(self) -> Ref:
        """The object that is meant: that of the id."""
        namespace, _, name = self.id.rpartition("/")
        return Ref(Ref.of(self.live).kind, name, namespace)

    @property
    def manager(self) -> str:
        """Its field manager; empty where none is recorded."""
        return str(self.outputs.get(_MANAGER) or "")

    @property
    def initial(self) -> str:
        """The apiVersion that it was created with; empty where none is recorded."""
        return str(self.outputs.get(_INITIAL) or "")


class Foreseen:
    """The namespaces and CRDs that the program describes, so that what needs them is no surprise."""

    def __init__(self) -> None:
        self._namespaces: set[str] = set()
        self._scopes: dict[tuple[str, str], bool] = {}
        """dict[(group, kind) -> whether its objects are in namespaces]."""

    def note(self, item: Object) -> None:
        """Take note of an object of the program."""
        kind = Kind.of(item)
        if kind.name == CRD:
            key = (str(at(item, "spec", "group")), str(at(item, "spec", "names", "kind")))
            self._scopes[key] = at(item, "spec", "scope") == "Namespaced"
        elif kind.key == ("", "Namespace"):
            self._namespaces.add(Ref.of(item).name)

    def scope(self, kind: Kind) -> bool | None:
        """Whether objects of a kind are in namespaces; None where no CRD of the program defines it."""
        return self._scopes.get(kind.key)

    def explains(self, ref: Ref) -> bool:
        """Whether the kind or the namespace of an object may be missing now."""
        return ref.kind.key in self._scopes or ref.namespace in self._namespaces


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as it was looked up."""

    id: str
    outputs: dict[str, Any]
    inputs: dict[str, Any]


class Target(Protocol):
    """Where objects go."""

    namespace: str
    """Of objects that name none."""

    def is_namespaced(self, kind: Kind) -> bool | None:
        """Whether objects of a kind that a CRD defines are in namespaces; None where nobody knows yet."""
        ...

    def compared(self, urn: str, recorded: Recorded) -> None:
        """Take note of the object that a resource has on record."""
        ...

    def create(self, wanted: Wanted, *, is_preview: bool) -> tuple[str, dict[str, Any]]:
        """Create it; return id and outputs. Raises `Incomplete` for one that exists but is not ready."""
        ...

    def read(self, recorded: Recorded, wanted: Wanted) -> Seen | None:
        """Look it up; None if it is gone."""
        ...

    def update(self, recorded: Recorded, wanted: Wanted, *, is_preview: bool) -> dict[str, Any]:
        """Update it in place; return the outputs."""
        ...

    def delete(self, recorded: Recorded, timeout: float) -> None:
        """Delete it, and wait until it is gone."""
        ...


def planned_id(item: Object) -> str:
    """The id of an object that is to be, empty where a part of it is unknown."""
    parts = item.get("metadata"), at(item, "metadata", "name"), at(item, "metadata", "namespace")
    return "" if UNKNOWN in parts else Ref.of(item).id
