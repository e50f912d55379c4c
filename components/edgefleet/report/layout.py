"""Lines of a limited width: text that does not fit moves to a line of its own, nothing is cut."""

from collections.abc import Iterable, Iterator
from itertools import chain

from rich.cells import cell_len
from rich.text import Text

COLUMNS = 80
"""Width of every report; a wider terminal gets the same report."""


def printable(text: str) -> str:
    """`text` with a blank for each character that could steer a terminal or reorder a line.

    These are control characters, C1 and escapes among them, and format characters, such as those of
    bidirectional text. Line breaks and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" else " " for char in text)


def both_ends(left: Text, right: str, *, style: str = "dim", columns: int = COLUMNS) -> Iterator[Text]:
    """`left`, and `right` at the end of the same line, or of the next one where both do not fit."""
    if not right:
        yield left
        return
    room = columns - left.cell_len - cell_len(right)
    if room >= 2:  # noqa: PLR2004 - two blanks separate the halves
        yield left.copy().append(" " * room).append(right, style)
        return
    yield left
    yield Text(" " * max(columns - cell_len(right), 0)).append(right, style)


def spread(parts: Iterable[str], *, columns: int = COLUMNS) -> str:
    """`parts` over one line with equal gaps, the last one at its end."""
    words = [part for part in parts if part]
    if len(words) == 1:
        return words[0]
    room = columns - sum(map(cell_len, words))
    gaps = len(words) - 1
    width, rest = divmod(max(room, 2 * gaps), gaps)
    gaps_before = [" " * (width + (index < rest)) for index in range(gaps)]
    return "".join(chain.from_iterable(zip(words, [*gaps_before, ""], strict=True)))


def listed(names: Iterable[str], *, indent: int, columns: int = COLUMNS) -> Iterator[Text]:
    """`names` with commas, over as many lines as they need."""
    line = ""
    for name in names:
        word = f"{line}, {name}" if line else name
        if line and indent + cell_len(word) + 1 > columns:
            yield Text(" " * indent + line + ",")
            line = name
        else:
            line = word
    if line:
        yield Text(" " * indent + line)


def wrapped(text: str, *, columns: int = COLUMNS) -> Iterator[Text]:
    """`text` over as many lines as it needs, broken at blanks; further lines are indented by two."""
    line, *words = text.split(" ")
    for word in words:
        if line.strip() and cell_len(line) + 1 + cell_len(word) > columns:
            yield Text(line)
            line = f"  {word}"
        else:
            line = f"{line} {word}"
    yield Text(line)
