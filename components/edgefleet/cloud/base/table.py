"""A kind as a table: its operations in the service's API, and the paths of its inputs and outputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgefleet.io.tagging import value_at
from edgefleet.io.waiting import PATIENCE
from edgefleet.model.spec import Unordered, adapter
from edgefleet.model.type_introspection import at, defaults_of

Described = Mapping[str, Any]
"""A service's description of a resource."""
Reading = str | Callable[[Described], Any]
"""How a value is read from a description: its path, or a function that returns it in its final form."""


@dataclass(frozen=True, slots=True)
class Change:
    """A call that sets some inputs of an existing resource, if one of them differs."""

    inputs: tuple[str, ...]
    """By outside name."""
    method: str
    parameters: Callable[[Any], Mapping[str, Any]]
    """Spec -> parameters beside the id."""
    otherwise: str = ""
    """Method that takes the id alone, if the first input is null, false or 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """How a description shows that the resource is ready, or has failed."""

    at: str
    """Path of its state, ``State.Code``."""
    good: str
    bad: frozenset[str] = frozenset()
    reason: Callable[[Described], str | None] = lambda _: None
    """The service's message in a bad state."""
    hint: str = "see the reason in AWS's console, remove it and run up again"
    patience: float = PATIENCE
    """Seconds that it may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The operations of one kind, as boto3 calls them."""

    create: str
    delete: str
    key: str
    """Path of its id in a description, which is also the parameter of calls: ``VpcId``."""
    read: str = ""
    answer: str = ""
    """Where the answer of `create`, or of `read` where there is one, has the description, ``Vpc``."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """dict[input -> parameter of `create`, also path in a description]."""
    settings: Mapping[str, Reading] = field(default_factory=dict)
    """dict[input -> where a description has it] of those that `create` does not take in this form."""
    outputs: Mapping[str, Reading] = field(default_factory=dict)
    """dict[field of the outputs -> where a description has it]."""
    besides: Callable[[Any], Mapping[str, Any]] = lambda _: {}
    """Spec -> parameters of `create` beside `fields`."""
    token: str = ""
    """Parameter of `create` by which the service takes a second call for the first."""
    tagged: Reading = ""
    """Where a description has the name in the service's tag calls; by default it is `key`."""
    changes: tuple[Change, ...] = ()
    """Calls that set what differs, in this order."""
    readiness: Readiness | None = None
    """State to wait for after `create` and after each change."""


def plain(spec: Any) -> dict[str, Any]:
    """The inputs of `spec` by outside name, with defaults."""
    values: dict[str, Any] = adapter(type(spec)).dump_python(spec, mode="json", by_alias=True)
    return {name: in_order(type(spec), name, value) for name, value in values.items()}


def found(current: Described, reading: Reading) -> Any:
    """The value of a description."""
    return value_at(current, reading) if isinstance(reading, str) else reading(current)


def read_back(of: Any, name: str, current: Described, reading: Reading) -> Any:
    """The input `name` of the spec `of` as a description has it; what is absent at a path is the default."""
    value = found(current, reading)
    if value is None and isinstance(reading, str):
        return defaults_of(of).get(name)
    return in_order(of, name, value)


def in_order(of: Any, name: str, value: Any) -> Any:
    """`value` of the input `name`, sorted if its order has no meaning."""
    shape = at(of, (name,))
    is_set = shape is not None and shape.note(Unordered) is not None
    return sorted(value, key=repr) if value and is_set else value
