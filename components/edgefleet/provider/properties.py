"""Property values between Pulumi's wire form and Python, with what is secret and unknown kept apart.

On the wire a secret, an output or a reference is an object with a signature and an unknown value is a
reserved string. As plain text, such a string would be hashed into an image. Here it is always the object
`UNKNOWN`, which is no text, equals only itself and fits no field of a spec.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

from edgefleet.errors import InvalidInput
from edgefleet.model import steps
from edgefleet.model.paths import Part, format_path
from edgefleet.model.unknown import UNKNOWN

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature of the protocol
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
REFUSED: Final = {
    "c44067f5952c0a294b673a41bacd8c17": "an asset",
    "0def7320c3a5731c473e5ecbe6d01bc7": "an archive",
}
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_TEXTS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        UNKNOWN_TEXT,
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
"""The wire form of each kind of unknown value (Pulumi SDK, plugin/rpc.go, the Unknown...Value constants)."""
EXACT: Final = 2**53
"""Whole numbers up to here are exact in the wire's doubles."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is encrypted in state and never shown."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(...)"


@dataclass(frozen=True, slots=True)
class Output:
    """A value with the resources that it comes from; `value` is `UNKNOWN` where it is not known."""

    value: Any
    is_secret: bool = False
    dependencies: tuple[str, ...] = ()
    """URNs."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A resource as a value."""

    urn: str
    id: Any = None
    """Its id, `UNKNOWN`, or None for a component."""
    version: str = ""
    """Of its package."""


def decode(struct: Struct) -> dict[str, Any]:
    """Properties as Python data with `Secret`, `Output`, `Reference` and `UNKNOWN` in it.

    Raises:
        InvalidInput: an asset, an archive, or an unknown signature.
    """
    return {name: _decode(value, (name,)) for name, value in struct.fields.items()}


def _decode(value: Value, path: tuple[Part, ...]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in UNKNOWN_TEXTS else text
    if kind == "number_value":
        return _number(value.number_value)
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields:
            return _signed(value.struct_value, path)
        return {name: _decode(member, (*path, name)) for name, member in fields.items()}
    if kind == "list_value":
        return [_decode(member, (*path, index)) for index, member in enumerate(value.list_value.values)]
    return value.bool_value if kind == "bool_value" else None


def _number(number: float) -> int | float:
    return int(number) if number.is_integer() and abs(number) <= EXACT else number


def _signed(struct: Struct, path: tuple[Part, ...]) -> Any:
    """The value of an object with a signature."""
    fields = struct.fields
    signature = fields[SIGNATURE].string_value
    if signature == SECRET and "value" in fields:
        return Secret(_decode(fields["value"], path))
    if signature == OUTPUT:
        return Output(
            _decode(fields["value"], path) if "value" in fields else UNKNOWN,
            is_secret=fields["secret"].bool_value if "secret" in fields else False,
            dependencies=tuple(urn.string_value for urn in fields["dependencies"].list_value.values)
            if "dependencies" in fields
            else (),
        )
    if signature == REFERENCE and "urn" in fields:
        return _reference(struct, path)
    what = REFUSED.get(signature, "a value of a kind that this version of edgefleet does not support")
    hint = "give plain values: text, numbers, true or false, lists and maps"
    raise InvalidInput.at("", "value-kind", f"{what} cannot stand here", hint, path=format_path(path))


def _reference(struct: Struct, path: tuple[Part, ...]) -> Reference:
    fields = struct.fields
    identity = _decode(fields["id"], path) if "id" in fields else None
    return Reference(
        fields["urn"].string_value,
        id=UNKNOWN if identity == "" else identity,  # the wire form of an unknown id
        version=fields["packageVersion"].string_value if "packageVersion" in fields else "",
    )


def encode(properties: Mapping[str, Any]) -> Struct:
    """The wire form of properties; `decode` reads it back."""
    struct = Struct()
    _fill(struct, properties)
    return struct


def _fill(struct: Struct, properties: Mapping[str, Any]) -> None:
    for name, value in properties.items():
        _encode(struct.fields[name], value)


def _encode(into: Value, value: Any) -> None:
    if isinstance(value, str):
        into.string_value = value
    elif isinstance(value, bool):
        into.bool_value = value
    elif isinstance(value, int | float):
        into.number_value = value
    elif value is None:
        into.null_value = NULL_VALUE
    elif isinstance(value, Mapping):
        into.struct_value.SetInParent()
        _fill(into.struct_value, value)
    elif isinstance(value, Sequence):
        into.list_value.SetInParent()
        for member in value:
            _encode(into.list_value.values.add(), member)
    else:
        _encode(into, _wire(value))


def _wire(value: Any) -> Any:
    """A special value in the wire's own spelling."""
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": value.value}
    if isinstance(value, Output):
        parts = {
            "value": None if value.value is UNKNOWN else (value.value,),
            "secret": (True,) if value.is_secret else None,
            "dependencies": (list(value.dependencies),) if value.dependencies else None,
        }
        return {SIGNATURE: OUTPUT} | {name: part[0] for name, part in parts.items() if part is not None}
    if isinstance(value, Reference):
        identity = {} if value.id is None else {"id": "" if value.id is UNKNOWN else value.id}
        version = {"packageVersion": value.version} if value.version else {}
        return {SIGNATURE: REFERENCE, "urn": value.urn} | identity | version
    raise TypeError(f"{type(value).__name__} cannot be a property value")


def plain(value: Any) -> Any:
    """`value` in clear: secrets shown, references as their id (a component's as its URN)."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, Secret | Output):
        return plain(value.value)
    if isinstance(value, Reference):
        return value.urn if value.id is None else value.id
    return value


def shown(value: Any) -> Any:
    """`value` for a person: placeholders for what is secret or unknown."""
    if isinstance(value, dict):
        return {name: shown(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shown(member) for member in value]
    if is_secret(value):
        return steps.SECRET
    if isinstance(value, Output):
        return shown(value.value)
    return steps.UNKNOWN if value is UNKNOWN else plain(value)


def is_secret(value: Any) -> bool:
    """Whether `value` as a whole is secret."""
    return isinstance(value, Secret) or (isinstance(value, Output) and value.is_secret)


def unknowns(value: Any, path: tuple[Part, ...] = ()) -> Iterator[tuple[Part, ...]]:
    """Paths of all unknown values in plain data."""
    if value is UNKNOWN:
        yield path
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from unknowns(member, (*path, name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from unknowns(member, (*path, index))
