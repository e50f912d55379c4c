"""The one reader of JSON that others wrote: bounded in size and depth, no key twice, every value of its type.

Python's own reader takes the last of two equal keys, ``NaN``, and as many levels as its stack has. Documents
that two programs read differently are how a signature is bypassed.
"""

import json
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from edgefleet.model.spec import adapter, to_plain

T = TypeVar("T")
LARGEST = 16 * 1024**2
"""Default limit, bytes: the manifest of an image with 50,000 files is smaller."""
DEEPEST = 32
"""Default limit, levels of lists and objects."""


def parse(data: bytes, *, limit: int = LARGEST, levels: int = DEEPEST) -> Any:
    """The value of a document.

    Args:
        data: UTF-8.
        limit: the most bytes of it.
        levels: the most levels of lists and objects.

    Raises:
        ValueError: it is too large, too deep, has a key twice, or is not JSON.
    """
    if len(data) > limit:
        raise ValueError(f"it has {len(data):,} bytes, and {limit:,} are allowed")
    try:
        value = json.loads(data.decode(), object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError as error:
        raise ValueError(_too_deep(levels)) from error
    level = [value]
    for _ in range(levels):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return value
    raise ValueError(_too_deep(levels))


def _too_deep(levels: int) -> str:
    return f"it has more than {levels} levels"


def _children(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("it has a key twice in one object")
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def read(of: type[T], data: bytes, *, limit: int = LARGEST) -> T:
    """The spec of type `of` that a document describes; types are not converted.

    Raises:
        ValueError: see `parse`; or a value is missing, unknown, or of another type.
    """
    parse(data, limit=limit)
    try:
        return adapter(of).validate_json(data, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}".lstrip(": ")) from error


def write(value: object) -> bytes:
    """A spec, or plain data, as a document: the same bytes for the same value."""
    plain = value if isinstance(value, dict | list) else to_plain(value)
    return json.dumps(plain, indent=1, sort_keys=True).encode() + b"\n"
