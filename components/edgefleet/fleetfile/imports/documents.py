"""Documents of other tools, and access to parts of them."""

from pathlib import Path
from typing import Any

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.document_io import read_text
from edgefleet.fleetfile.source import Source
from edgefleet.model.k3s_config import Plain


def read(path: Path, shown: str) -> Any:
    """The document in the file at `path`.

    Raises:
        InvalidInput: it is unreadable or no YAML.
    """
    return parsed(read_text(path, shown), shown)


def parsed(text: str, shown: str) -> Any:
    """The document in `text`: maps, lists, texts, numbers and booleans; a date or a MAC address stays text.

    Raises:
        InvalidInput: it is no YAML.
    """
    problems: list[Problem] = []
    document = Source(text, shown).plain(problems)
    if problems:
        raise InvalidInput(problems)
    return _typed(document)


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_typed(inner) for inner in value]
    if not isinstance(value, Plain):
        return value
    if value.lower() in {"true", "false"}:
        return value.lower() == "true"
    is_number = value.isdecimal() and value.isascii() and (value == "0" or not value.startswith("0"))
    return int(value) if is_number else str(value)


def listed(value: Any) -> list[Any]:
    """`value` as a list: tools take one item without brackets."""
    return value if isinstance(value, list) else [] if value is None else [value]


def within(document: Any, *keys: str) -> dict[str, Any]:
    """The map at `keys` of `document`; an empty one where there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def records(value: Any) -> list[dict[str, Any]]:
    """The maps in the list `value`."""
    return [item for item in listed(value) if isinstance(item, dict)]
