"""Changes to a fleet file and its tables in place: comments, order and layout stay. Pure.

An edit inserts or replaces a few characters at the position of a value. Then the new text is read again and
compared with what was meant: an edit that changes anything else, such as a value that two sites share by an
alias, is refused, and the person gets the line to write.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.provenance import Provenance
from edgefleet.fleetfile.source import Source
from edgefleet.fleetfile.table import NAME, Table
from edgefleet.model.paths import Part, Path, format_path

SHOWN = 20
"""Lines of a difference that are shown: a new column changes each line of a table."""
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_WORDS_OF_YAML = frozenset({"null"})
"""Names that YAML reads as no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A file before and after."""

    shown: str
    """Its path, relative to the project."""
    before: str
    after: str

    @property
    def difference(self) -> list[str]:
        """Its changed lines, as diff writes them."""
        old, new = self.before.splitlines(), self.after.splitlines()
        lines = [*difflib.unified_diff(old, new, self.shown, self.shown, lineterm="", n=0)]
        more = len(lines) - SHOWN
        return lines if more <= 0 else [*lines[:SHOWN], f"... and {more:,} lines more"]


class Editing:
    """Changes to the files of one fleet; nothing is written."""

    def __init__(self, provenance: Provenance, read: Callable[[str], str]) -> None:
        """Begin without a change.

        Args:
            provenance: where the values of the fleet are.
            read: path of a file, as it is shown -> its text.
        """
        self._provenance = provenance
        self._read = read
        self._edited: dict[str, Edited] = {}

    @property
    def files(self) -> tuple[Edited, ...]:
        """The files that change."""
        return tuple(file for file in self._edited.values() if file.before != file.after)

    def put(self, path: Path, value: str) -> None:
        """Set the value at `path` of the fleet file, in the table where the site has a row.

        Raises:
            InvalidInput: the file has a form that is not edited.
        """
        table, line, path = self._place(path)
        with_value = _with_value if table is None else _with_cell(line)
        hint = f"write {_entry(path[-1:], value)} there by hand"
        self._change(table, path, lambda text, shown: with_value(text, shown, path, value), hint)

    def remove_site(self, name: str) -> None:
        """Remove the row or the entry of a site.

        Raises:
            InvalidInput: the file has a form that is not edited.
        """
        table, line, path = self._place(("sites", name))
        without = _without if table is None else _without_row(line)
        self._change(table, path, lambda text, shown: without(text, shown, path), "remove it by hand")

    def _place(self, path: Path) -> tuple[str | None, int, Path]:
        """(table, line, path in the file); (None, 0, path) for a value of the fleet file itself."""
        name = str(path[1]) if path[0] == "sites" else ""
        if (row := self._provenance.rows.get(name)) is not None:
            shown, line, _ = str(row.find(())).rsplit(":", 2)
            return shown, int(line), path[2:]
        index = self._provenance.listed.get(name)
        return None, 0, path if index is None else ("sites", index, *path[2:])

    def _change(self, table: str | None, path: Path, change: Callable[[str, str], str], hint: str) -> None:
        shown = self._provenance.text.shown if table is None else table
        before = self._edited[shown].before if shown in self._edited else self._read(shown)
        now = self._edited[shown].after if shown in self._edited else before
        try:
            after = change(now, shown)
        except ValueError as error:
            where = self._provenance.near(path) if table is None else shown
            problem = f"this is not edited: {error}"
            raise InvalidInput.at(where, "not-editable", problem, hint, path=format_path(path)) from error
        self._edited[shown] = Edited(shown=shown, before=before, after=after)


# ---- YAML


def _with_value(text: str, shown: str, path: Path, value: str) -> str:
    """`text` with `value` at `path`.

    Raises:
        ValueError: it would change more, or nothing.
    """
    source = Source(text, shown)
    nodes = source.walk(path)
    node, rest = nodes[-1][1], path[len(nodes) - 1 :]
    if not rest:
        after = _spliced(text, node, value)
    elif isinstance(node, yaml.MappingNode) and node.value:
        after = _inserted(text, node, _entry(rest, value), is_last=len(nodes) == 1)
    else:
        blank = " " if node.start_mark.index and text[node.start_mark.index - 1] == ":" else ""
        after = _spliced(text, node, f"{blank}{{{_entry(rest, value)}}}")
    return _checked(after, shown, _put(source.plain([]), path, value))


def _without(text: str, shown: str, path: Path) -> str:
    """`text` without what is at `path`.

    Raises:
        ValueError: it would change more, or nothing.
    """
    source = Source(text, shown)
    nodes = source.walk(path)
    parent, (key, value) = nodes[-2][1], nodes[-1]
    siblings = (
        parent.value if isinstance(parent, yaml.MappingNode) else [(each, each) for each in parent.value]
    )
    if _is_flow(parent):
        position = [each for each, _ in siblings].index(key)
        begin, end = key.start_mark.index, value.end_mark.index
        if position + 1 < len(siblings):
            end = siblings[position + 1][0].start_mark.index
        elif position:
            begin = siblings[position - 1][1].end_mark.index
        after = text[:begin] + text[end:]
    else:
        lines = _LINES.findall(text)
        column = key.start_mark.column
        begin, end = key.start_mark.line, _last_line(value) + 1
        while end < len(lines) and _is_remark(lines[end], column):
            end += 1
        after = "".join([*lines[:begin], *lines[end:]])
    return _checked(after, shown, _dropped(source.plain([]), path))


def _inserted(text: str, node: yaml.MappingNode, entry: str, *, is_last: bool) -> str:
    """`text` with an entry in a map that has some: at the end of the file, after the first one, or before."""
    key, value = node.value[0]
    start, newline = key.start_mark.index, "\r\n" if "\r\n" in text else "\n"
    if node.flow_style:
        return f"{text[:start]}{entry}, {text[start:]}"
    if is_last:
        return f"{text}{'' if text.endswith(newline) else newline}{entry}{newline}"
    indent = " " * key.start_mark.column
    if isinstance(value, yaml.ScalarNode) and value.end_mark.line == key.start_mark.line:
        ends = text.find(newline, value.end_mark.index)
        end = len(text) if ends < 0 else ends
        return f"{text[:end]}{newline}{indent}{entry}{text[end:]}"
    return f"{text[:start]}{entry}{newline}{indent}{text[start:]}"


def _spliced(text: str, node: yaml.Node, value: str) -> str:
    return text[: node.start_mark.index] + value + text[node.end_mark.index :]


def _entry(path: Sequence[Part], value: str) -> str:
    """``keyGeneration: 2``, ``updates: {floor: 3}``."""
    head, *rest = path
    key = f'"{head}"' if head in _WORDS_OF_YAML else str(head)
    return f"{key}: {f'{{{_entry(rest, value)}}}' if rest else value}"


def _is_flow(node: yaml.Node) -> bool:
    """Whether a map or a list is written in brackets."""
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _last_line(node: yaml.Node) -> int:
    """The line that a value ends in, from 0; marks of block maps are at what follows."""
    if not isinstance(node, yaml.ScalarNode) and not _is_flow(node):
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    end = node.end_mark
    return int(end.line - (end.column == 0 and end.line > node.start_mark.line))


def _is_remark(line: str, column: int) -> bool:
    """Whether a line is a comment that stands deeper than `column`."""
    return line.lstrip().startswith("#") and len(line) - len(line.lstrip()) > column


def _checked(after: str, shown: str, wanted: Any) -> str:
    problems: list[Any] = []
    try:
        is_wanted = Source(after, shown).plain(problems) == wanted and not problems
    except InvalidInput:
        is_wanted = False
    if not is_wanted:
        raise ValueError("other values would change with it")
    return after


def _put(data: Any, path: Path, value: str) -> Any:
    """`data` with `value` at `path`; what several places share changes in one alone."""
    if not path:
        return value
    if isinstance(data, list):
        return [_put(each, path[1:], value) if at == path[0] else each for at, each in enumerate(data)]
    within = data or {}
    if not isinstance(within, dict):
        raise ValueError(f"{format_path(path[:1])} cannot stand in a text")  # noqa: TRY004 - of the file
    return {**within, str(path[0]): _put(within.get(str(path[0])), path[1:], value)}


def _dropped(data: Any, path: Path) -> Any:
    if len(path) > 1:
        if isinstance(data, list):
            return [_dropped(each, path[1:]) if at == path[0] else each for at, each in enumerate(data)]
        return {**data, str(path[0]): _dropped(data[str(path[0])], path[1:])}
    if isinstance(data, list):
        return [each for at, each in enumerate(data) if at != path[0]]
    return {key: each for key, each in data.items() if key != path[0]}


# ---- tables


def _with_cell(line: int) -> Callable[[str, str, Path, str], str]:
    """What sets a cell in a line of a table, in a new column where there is none."""

    def with_value(text: str, shown: str, path: Path, value: str) -> str:
        wanted = _rows(text, shown)
        name = _name(text, shown, line)
        wanted[name] = _put(wanted[name], path, value)
        if Table(text, shown).column_at(path) is None:
            text = "".join(_with_columns(text, shown, format_path(path)))
        table, lines = Table(text, shown), _LINES.findall(text)
        index = table.column_at(path)
        if index is None:
            raise ValueError("the table takes no such column")
        cells = table.cells(line)
        body, end = _split(lines[line - 1])
        starts = [start - 1 for start, _ in cells] + [len(body) + 1]
        body = body[: starts[index]] + value + body[starts[index + 1] - 1 :]
        lines[line - 1] = body + end
        after = "".join(lines)
        if _rows(after, shown) != wanted:
            raise ValueError("other values would change with it")
        return after

    return with_value


def _without_row(line: int) -> Callable[[str, str, Path], str]:
    """What removes a line of a table."""

    def without(text: str, shown: str, path: Path) -> str:  # noqa: ARG001 - as of YAML
        wanted = _rows(text, shown)
        del wanted[_name(text, shown, line)]
        lines = _LINES.findall(text)
        after = "".join([*lines[: line - 1], *lines[line:]])
        if _rows(after, shown) != wanted:
            raise ValueError("other rows would change with it")
        return after

    return without


def _with_columns(text: str, shown: str, heading: str) -> Iterator[str]:
    separator = Table(text, shown).separator
    for number, line in enumerate(_LINES.findall(text)):
        body, end = _split(line)
        is_row = bool(body.strip(" \t,;"))
        yield f"{body}{separator * is_row}{'' if number else heading}{end}"


def _split(line: str) -> tuple[str, str]:
    body = line.rstrip("\r\n")
    return body, line[len(body) :]


def _rows(text: str, shown: str) -> dict[str, dict[str, Any]]:
    return {name: data for name, data, _ in Table(text, shown).sites([])}


def _name(text: str, shown: str, line: int) -> str:
    table = Table(text, shown)
    return table.cells(line)[table.columns.index(NAME)][1].strip()
