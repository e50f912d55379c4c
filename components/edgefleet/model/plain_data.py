"""Plain data within a spec: maps, lists, texts, numbers and booleans, whose fields another layer declares."""

from math import isfinite
from typing import Annotated, Any

from edgefleet.model.syntax import checked, shown, wrong


class Undeclared:
    """Marker in an annotation: its fields are declared elsewhere; any text in it may refer to a secret."""

    __slots__ = ()


def _plain(value: Any) -> Any:
    """`value` if JSON and YAML have it alike, and no text in it has control characters."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) or not key.isprintable():
                raise wrong(
                    "bad-key", f"{shown(key)} is not a key", "write a text, in quotes if it is a number"
                )
    elif isinstance(value, str):
        if not value.replace("\n", "").replace("\t", "").isprintable():
            raise wrong("bad-text", f"{shown(value)} has control characters", "write printable characters")
    elif not isinstance(value, list | int | None) and not (isinstance(value, float) and isfinite(value)):
        raise wrong("bad-value", f"{shown(value)} is no text, number or boolean", "put it in quotes")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _plain(inner)
    return value


Value = Annotated[Any, checked(_plain), Undeclared()]
"""Any plain data, as JSON has it."""
Plain = Annotated[dict[str, Any], checked(_plain), Undeclared()]
"""A map of plain data."""
