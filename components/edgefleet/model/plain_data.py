"""Plain data within a spec: maps, lists, texts, numbers and booleans, whose fields another layer declares."""

import json
import re
from dataclasses import dataclass, field
from math import isfinite
from typing import Annotated, Any

from edgefleet.model import k3s_config
from edgefleet.model.quantities import LARGEST
from edgefleet.model.syntax import checked, shown, wrong

_FLOAT = re.compile(r"[+-]?(\.\d{1,17}|\d{1,15}\.\d{0,17}|\d{1,15}(?=[eE]))([eE][+-]?\d{1,2})?")


class Undeclared:
    """Marker in an annotation: its fields are declared elsewhere; any text in it may refer to a secret."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ByText:
    """Plain data as an argument of a function that is cached: equal where its JSON is."""

    text: str = field(repr=False)

    @classmethod
    def of(cls, value: Any) -> "ByText":
        """Plain data, in which the order of keys does not count.

        Raises:
            TypeError: it has something that is none.
        """
        return cls(json.dumps(value, sort_keys=True))

    @property
    def value(self) -> Any:
        """The data, with keys in the order of the text, so that every caller gets equal bytes."""
        return json.loads(self.text)


def _data(value: Any) -> Any:
    """`value` if JSON and YAML have it alike, and no text in it has control characters.

    Unquoted text of a fleet file is what YAML 1.2's core schema reads: a number, a boolean or text.
    """
    if isinstance(value, dict):
        return {_key(key): _data(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [*map(_data, value)]
    if isinstance(value, k3s_config.Plain) and _FLOAT.fullmatch(value):
        value = float(value)
    value = k3s_config.resolved(value)
    if isinstance(value, str):
        if not value.replace("\n", "").replace("\t", "").isprintable():
            raise wrong("bad-text", f"{shown(value)} has control characters", "write printable characters")
    elif isinstance(value, float) and isfinite(value):
        return int(value) if value.is_integer() and abs(value) <= LARGEST else value
    elif not isinstance(value, int | None):
        raise wrong("bad-value", f"{shown(value)} is no text, number or boolean", "put it in quotes")
    return value


def _key(key: Any) -> str:
    if not isinstance(key, str) or not key.isprintable():
        raise wrong("bad-key", f"{shown(key)} is not a key", "write a text, in quotes if it is a number")
    return str(key)


Value = Annotated[Any, checked(_data), Undeclared()]
"""Any plain data, as JSON has it."""
Plain = Annotated[dict[str, Any], checked(_data), Undeclared()]
"""A map of plain data."""
