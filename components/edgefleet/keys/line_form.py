"""Documents of lines ``name value``, which a shell on a node and this program read alike. Pure.

Each document has one text: the lines in a fixed order, one blank between values, numbers without leading
zeros, nothing unknown. What is written is read again, so the rules stand in one place.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgefleet.model.names import LABEL_RE

LONGEST_SHOWN = 40
"""Characters of a wrong line that a message repeats."""
_KEY_DER = 124
"""Characters of base64 of a key's 91 bytes of DER."""


@dataclass(frozen=True, slots=True)
class Value:
    """What may stand in a place of a line."""

    what: str
    """``a number``."""
    pattern: str


NAME = Value("a name of lower-case letters, digits and hyphens", LABEL_RE)
NUMBER = Value("a number of at most 12 digits", "0|[1-9][0-9]{0,11}")
HEX = Value("a SHA-256 of 64 hexadecimal digits", "[0-9a-f]{64}")
DIGEST = Value("sha256: and 64 hexadecimal digits", "sha256:[0-9a-f]{64}")
DER = Value("a key in base64", f"[A-Za-z0-9+/]{{{_KEY_DER - 3}}}[AQgw]==")
LARGEST = 10**12 - 1
"""The largest number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineForm:
    """The form of one kind of document."""

    head: str
    """Its first line, ``edgefleet-pointer 1``."""
    fields: Mapping[str, Value]
    """dict[name -> what stands behind it], one line each, in this order."""
    row: str
    """Name of the lines that follow, of which there is at least one."""
    columns: tuple[Value, ...]
    """What stands behind that name."""
    most: int
    """Most of these lines."""

    def written(self, values: Mapping[str, object], rows: Sequence[Sequence[object]]) -> bytes:
        """The document.

        Raises:
            ValueError: a value is none that may stand there.
        """
        lines = [self.head, *(f"{name} {values[name]}" for name in self.fields)]
        lines += [" ".join((self.row, *map(str, row))) for row in rows]
        payload = ("\n".join(lines) + "\n").encode()
        self.read(payload)
        return payload

    def read(self, payload: bytes) -> tuple[dict[str, str], list[list[str]]]:
        """(dict[name -> value], the values of the lines that follow) of a document.

        Raises:
            ValueError: it has another form; the message names the line.
        """
        try:
            head, *lines = payload.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise ValueError("has characters that are not ASCII") from error
        if head != self.head or lines[-1:] != [""]:
            raise ValueError(f"does not begin with the line {self.head}, or ends within a line")
        count = len(lines) - 1 - len(self.fields)
        if not 1 <= count <= self.most:
            raise ValueError(f"has {count} lines {self.row}, where 1 to {self.most} are expected")
        values = {
            name: _values(line, name, (value,))[0]
            for line, (name, value) in zip(lines, self.fields.items(), strict=False)
        }
        return values, [_values(line, self.row, self.columns) for line in lines[len(self.fields) : -1]]


def _values(line: str, name: str, expected: Sequence[Value]) -> list[str]:
    found, *values = line.split(" ")
    if found != name or len(values) != len(expected):
        raise ValueError(f"has the line {_shown(line)} where one of {name} is expected")
    for value, form in zip(values, expected, strict=True):
        if not re.fullmatch(form.pattern, value):
            raise ValueError(f"has {_shown(value)} in the line {name}, which is not {form.what}")
    return values


def _shown(text: str) -> str:
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")
