"""Short human forms of values: ``64Gi``, ``20Mbit``, ``1,000 sites``, ``4.1 s``.

A form never rounds a value that a person wrote: a size that is no whole number of a unit is shown in
a smaller one.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from edgefleet.model.steps import SECRET, UNKNOWN
from edgefleet.report.layout import printable

BINARY = ("Ti", "Gi", "Mi", "Ki")
DECIMAL = ("Gbit", "Mbit", "kbit")
SIZES = frozenset({"memory", "disk", "size"})
"""Last parts of paths whose numbers are bytes."""
RATES = frozenset({"link.down", "link.up", "link.updates.maxRate"})
"""Paths whose numbers are bits/s."""
LONGEST = 200
"""Characters of one value shown in a change; `edgefleet explain` shows all of it."""
DIGEST_SHOWN = 12


def size(value: int) -> str:
    """`value` bytes as a Kubernetes quantity, in the largest unit that states it exactly."""
    for power, unit in zip(range(len(BINARY), 0, -1), BINARY, strict=True):
        if value and value % 1024**power == 0:
            return f"{value // 1024**power}{unit}"
    return str(value)


def rate(value: int) -> str:
    """`value` bits/s, in the largest unit that states it exactly."""
    for power, unit in zip(range(len(DECIMAL), 0, -1), DECIMAL, strict=True):
        if value and value % 1000**power == 0:
            return f"{value // 1000**power}{unit}"
    return f"{value}bit"


def counted(count: int, noun: str) -> str:
    """``1 site``, ``1,000 sites``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """``4.1 s``, ``2 min 05 s``."""
    if seconds < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02} s"


def span(seconds: int) -> str:
    """``24 h``, ``90 min``: the largest unit that states it exactly."""
    units = ((3600, "h"), (60, "min"), (1, "s"))
    size, unit = next((size, unit) for size, unit in units if seconds % size == 0)
    return f"{seconds // size:,} {unit}"


def age(span: timedelta) -> str:
    """``today``, ``1 day``, ``12 days``."""
    return counted(span.days, "day") if span.days > 0 else "today"


def digest(value: str | None) -> str:
    """A digest cut to what is enough to tell two apart: ``sha256:0f1e2d3c4b5a``."""
    if value is None:
        return "(none)"
    kind, colon, hexadecimal = value.rpartition(":")
    return f"{kind}{colon}{hexadecimal[:DIGEST_SHOWN]}"


def value(path: str, given: Any) -> str:
    """The value at `path` of a site's spec, on one line of at most `LONGEST` characters."""
    text = _one_line(path, given)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _one_line(path: str, given: Any) -> str:
    if given is None:
        return "(none)"
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int):
        return _number(path, given)
    if isinstance(given, list | tuple):
        return _list(path, given)
    if isinstance(given, dict):
        return "{" + ", ".join(f"{key}: {_one_line(f'{path}.{key}', of)}" for key, of in given.items()) + "}"
    return _text(str(given))


def _list(path: str, given: Sequence[Any]) -> str:
    if path.rsplit(".", 1)[-1] == "payload":
        return _payload([file for file in given if isinstance(file, dict)])
    return "[" + ", ".join(_one_line(path, item) for item in given) + "]"


def _payload(files: list[dict[str, Any]]) -> str:
    """Number, size and paths of the files, without their digests."""
    whole = sum(int(file.get("size", 0)) for file in files)
    return f"{counted(len(files), 'file')}, {whole:,} bytes: {', '.join(str(file['path']) for file in files)}"


def _number(path: str, given: int) -> str:
    if path.rsplit(".", 1)[-1] in SIZES:
        return size(given)
    return rate(given) if path in RATES else str(given)


def _text(given: str) -> str:
    if given in {SECRET, UNKNOWN}:
        return given
    lines = printable(given).split("\n")
    if len(lines) > 1 and len(given) > LONGEST:  # its differences may be where it would be cut
        return f"{len(lines):,} lines, {digest('sha256:' + hashlib.sha256(given.encode()).hexdigest())}"
    return " ".join(lines) or '""'
