"""Property values between the program, the provider and the state file.

A value has two forms: a protobuf `Struct` on the wire, and plain Python data in the checkpoint.
Converting is what an engine spends most of its own time on, so a `Bag` holds either form and makes the
other only when asked.

Secrets and unknowns keep the wire's own spelling in both forms: a secret is an object with a signature
and a ``value``, an unknown is one reserved string (Pulumi SDK, ``pulumi/runtime/rpc.py``).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks an object as something other than an object."""
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, not a password
UNSUPPORTED: Final = {
    "c44067f5952c0a294b673a41bacd8c17": "an asset",
    "0def7320c3a5731c473e5ecbe6d01bc7": "an archive",
    "d0e6a833031e9bbcd3f4e8bde6ca49a4": "an output value",
}
UNKNOWN: Final = rpc.UNKNOWN
UNKNOWNS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        UNKNOWN,  # a text, and whatever the Python SDK does not know
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
"""The wire form of each kind of unknown value (Pulumi SDK, plugin/rpc.go, the Unknown...Value constants)."""
MASK: Final = "[secret]"
CONTAINERS: Final = frozenset({dict, list})
"""The types of plain data that hold other values."""
_EXACT: Final = 1e15
"""Below this every whole float is written as an integer, as Go's JSON encoder does."""


class Bag:
    """Named property values; equal when their values are equal. Treat both forms as read-only."""

    __slots__ = ("_data", "_load", "_masked", "_struct")

    def __init__(
        self,
        data: dict[str, Any] | None = None,
        *,
        struct: struct_pb2.Struct | None = None,
        load: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self._data = data if data is not None or struct is not None or load is not None else {}
        self._struct = struct
        self._load = load
        self._masked: dict[str, Any] | None = None

    @property
    def data(self) -> dict[str, Any]:
        """Plain Python data; whole numbers are `int`."""
        data = self._data
        if data is None:
            data = self._data = self._load() if self._load else from_struct(self.struct)
        return data

    @property
    def struct(self) -> struct_pb2.Struct:
        """The wire's form."""
        struct = self._struct
        if struct is None:
            struct = self._struct = to_struct(self.data)
        return struct

    @property
    def masked(self) -> dict[str, Any]:
        """Plain data for events: secrets hidden, keys in order."""
        if self._masked is None:
            items = sorted(self.data.items())
            self._masked = {key: mask(item) if type(item) in CONTAINERS else item for key, item in items}
        return self._masked

    def slim(self) -> None:
        """Drop forms that can be recreated: both of a loaded value, else the wire form."""
        if self._load is not None:
            self._struct = self._data = None
        elif self._data is not None:
            self._struct = None

    def __bool__(self) -> bool:
        struct = self._struct
        return bool(struct.fields) if struct is not None else bool(self.data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bag):
            return NotImplemented
        if self is other:
            return True
        ours, theirs = self._struct, other._struct
        if ours is not None and theirs is not None:
            return ours == theirs
        return self.data == other.data

    __hash__ = None  # type: ignore[assignment]  # compared by value, and the values are mutable containers


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Turn a `Struct` into plain data."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < _EXACT else number
    if kind == "struct_value":
        return {key: _from_value(item) for key, item in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    return value.bool_value if kind == "bool_value" else None


def to_struct(data: Mapping[str, Any]) -> struct_pb2.Struct:
    """Turn plain data into a `Struct`."""
    struct = struct_pb2.Struct()
    _fill(struct, data)
    return struct


def _fill(struct: struct_pb2.Struct, data: Mapping[str, Any]) -> None:
    fields = struct.fields
    for key, item in data.items():
        _set(fields[key], item)


def _set(value: struct_pb2.Value, item: Any) -> None:
    if isinstance(item, str):
        value.string_value = item
    elif item is None:
        value.null_value = struct_pb2.NULL_VALUE
    elif isinstance(item, bool):
        value.bool_value = item
    elif isinstance(item, int | float):
        value.number_value = item
    elif isinstance(item, Mapping):
        value.struct_value.SetInParent()
        _fill(value.struct_value, item)
    else:
        value.list_value.SetInParent()
        values = value.list_value.values
        for element in item:
            _set(values.add(), element)


def secret(value: Any) -> dict[str, Any]:
    """Mark a value as secret; a secret is unchanged."""
    return value if is_secret(value) else {SIGNATURE: SECRET, "value": value}


def is_secret(value: Any) -> bool:
    """Return whether the value itself is a secret."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def reveal(value: Any) -> Any:
    """Remove the secret marks from a value and everything in it."""
    if isinstance(value, dict):
        return (
            reveal(value["value"]) if is_secret(value) else {key: reveal(item) for key, item in value.items()}
        )
    return [reveal(item) for item in value] if isinstance(value, list) else value


def mask(value: Any) -> Any:
    """Show a value as the CLI's events do: a secret is a ciphertext that reads ``[secret]``."""
    if isinstance(value, dict):
        if is_secret(value):
            return {SIGNATURE: SECRET, "ciphertext": MASK}
        # Most values are plain: not calling for those halves the cost, and this is done for every resource.
        return {key: mask(item) if type(item) in CONTAINERS else item for key, item in value.items()}
    return [mask(item) for item in value] if isinstance(value, list) else value


def walk(value: Any) -> Iterator[Any]:
    """Yield a value and everything in it."""
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from walk(child)


def has_unknown(value: Any) -> bool:
    """Return whether the value contains an unknown value."""
    return any(item in UNKNOWNS for item in walk(value) if isinstance(item, str))


def unsupported(value: Any) -> str:
    """Return the unsupported part of a value, or an empty string."""
    for item in walk(value):
        if isinstance(item, dict) and (kind := UNSUPPORTED.get(str(item.get(SIGNATURE)))):
            return kind
    return ""
