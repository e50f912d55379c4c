"""Sites as rows of a CSV file: a row is a site, a column a value, named by its dotted path."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.partial import SITE
from edgefleet.fleetfile.validation import keys_below
from edgefleet.model.k3s_config import Plain
from edgefleet.model.paths import Part, format_path, parse_path
from edgefleet.model.syntax import nearest
from edgefleet.model.type_introspection import Shape, at

NAME = "name"
_NAMED = frozenset({"labels", "sysctls"})
"""Maps of text whose names may contain dots."""
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Row:
    """The row of one site in a table."""

    table: "Table"
    line: int
    """From 1."""

    def find(self, path: Sequence[Part], *, of_key: bool = False) -> str | None:
        """``file:line:column`` of the cell at `path`; with `of_key`, of its column's heading."""
        index = self.table.column_at(path)
        if index is None:
            return None
        line = 1 if of_key and path else self.line
        cells = self.table.cells(line)
        if index >= len(cells) or not cells[index][1].strip():
            return None
        return f"{self.table.shown}:{line}:{cells[index][0]}"

    def problem(self, code: str, problem: str, hint: str) -> Problem:
        """A problem with the whole row."""
        return Problem(where=f"{self.table.shown}:{self.line}:1", code=code, problem=problem, hint=hint)


class Table:
    """The text of one CSV file."""

    def __init__(self, text: str, shown: str) -> None:
        self.shown = shown
        self.lines = re.split(r"\r\n|\r|\n", text.rstrip("\r\n"))
        self.separator = max(_SEPARATORS, key=self.lines[0].count)
        self.columns = [cell.strip() for _, cell in self.cells(1)]

    def column_at(self, path: Sequence[Part]) -> int | None:
        """Position of the column that holds the value at `path`, or the list that it is in."""
        sought = tuple(path) or (NAME,)
        for index, column in enumerate(self.columns):
            own = column_path(column)
            if sought[: len(own)] == own and all(isinstance(part, int) for part in sought[len(own) :]):
                return index
        return None

    def cells(self, line: int) -> list[tuple[int, str]]:
        """(column of the first character from 1, text) of each cell of a line."""
        cells: list[tuple[int, str]] = []
        start, is_quoted = 0, False
        text = self.lines[line - 1]
        for position, character in enumerate(text):
            if character == '"':
                is_quoted = not is_quoted
            elif character == self.separator and not is_quoted:
                cells.append((start + 1, _unquoted(text[start:position])))
                start = position + 1
        return [*cells, (start + 1, _unquoted(text[start:]))]

    def sites(self, problems: list[Problem]) -> Iterator[tuple[str, dict[str, Any], Row]]:
        """(name, plain data, place) of each site; what is wrong is added to `problems`.

        Raises:
            InvalidInput: the heading is invalid, so that no row can be read.
        """
        columns = self._columns()
        names = self.columns.index(NAME)
        for line, cells in self._rows(problems):
            row = Row(self, line)
            name = cells[names].strip()
            if not name:
                hint = "give the site a name, or remove the row"
                problems.append(row.problem("missing", f"this row has no {NAME}", hint))
                continue
            yield name, _nested(columns, cells), row

    def _rows(self, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
        width = len(self.columns)
        hint = 'give each column one cell, empty if need be; quote a cell that holds a separator: "a, b"'
        for line, text in enumerate(self.lines[1:], 2):
            if not text.strip(" \t,;"):
                continue
            cells = [cell for _, cell in self.cells(line)] if '"' in text else text.split(self.separator)
            if text.count('"') % 2:
                problems.append(Row(self, line).problem("bad-row", "a quote in this row is not closed", hint))
            elif len(cells) != width:
                problem = f"this row has {len(cells)} cell{'s'[: len(cells) != 1]}, the heading has {width}"
                problems.append(Row(self, line).problem("bad-row", problem, hint))
            else:
                yield line, cells

    def _columns(self) -> list[tuple[tuple[Part, ...], bool] | None]:
        """(path, whether the value is a list) of each column; `None` for the name.

        Raises:
            InvalidInput: with all problems of the heading.
        """
        problems = [] if NAME in self.columns else [self.missing_column(NAME)]
        columns: list[tuple[tuple[Part, ...], bool] | None] = []
        for index, column in enumerate(self.columns):
            path = column_path(column)
            if column in self.columns[:index]:
                problem = f"the column {column} appears twice"
                problems.append(self._heading(index, "duplicate-key", problem, "remove one"))
            shape = None if column == NAME else at(SITE, path)
            if column != NAME and (shape is None or not _is_cell(shape) or not column):
                problems.append(self._unknown(index, path))
            columns.append(None if shape is None else (path, _is_list(shape)))
        if problems:
            raise InvalidInput(problems)
        return columns

    def missing_column(self, column: str) -> Problem:
        """The problem of a missing required column."""
        hint = f"the first line holds the headings, such as {NAME},profile,network.address"
        problem = Problem.of_value(column, "missing-column", f"the column {column} is missing", hint)
        return replace(problem, where=f"{self.shown}:1:1")

    def _unknown(self, index: int, path: tuple[Part, ...]) -> Problem:
        column = self.columns[index]
        if not column:
            return self._heading(index, "unknown-key", "this column has no heading", "name it, or remove it")
        if at(SITE, path) is not None:
            below = keys_below(SITE, path)
            hint = f"name a value in it, such as {column}.{below[0]}" if below else "set it in the fleet file"
            return self._heading(index, "unknown-key", f"{column} is not a single value", hint)
        hint = nearest(column, [NAME, *cell_columns()])
        return self._heading(index, "unknown-key", f"no value of a site is called {column}", hint)

    def _heading(self, index: int, code: str, problem: str, hint: str) -> Problem:
        problem_here = Problem.of_value(self.columns[index], code, problem, hint)
        return replace(problem_here, where=f"{self.shown}:1:{self.cells(1)[index][0]}")


def column_path(column: str) -> tuple[Part, ...]:
    """The path of a heading; the text after ``labels.`` is one name, with its dots."""
    head, dot, rest = column.partition(".")
    if dot and head in _NAMED and not rest.startswith("["):
        return (head, rest)
    return parse_path(column)


def cell_columns() -> list[str]:
    """All columns without the name of a label, user or node: ``network.address``."""
    columns: list[str] = []

    paths: list[tuple[Part, ...]] = [()]
    for path in paths:
        below = [(*path, key) for key in keys_below(SITE, path)]
        columns += [format_path(path) for path in below if (shape := at(SITE, path)) and _is_cell(shape)]
        paths += below
    return columns


def _is_list(shape: Shape) -> bool:
    return getattr(shape.bare, "__origin__", None) is tuple


def _is_cell(shape: Shape) -> bool:
    """Whether one cell can contain the value: a scalar, or a list of scalars."""
    return not keys_below(shape.bare, ()) and getattr(shape.bare, "__origin__", None) is not dict


def _nested(columns: list[tuple[tuple[Part, ...], bool] | None], cells: list[str]) -> dict[str, Any]:
    """Plain data of one row, without its empty cells."""
    data: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        value = cell.strip()
        if column is None or not value:
            continue
        path, is_list = column
        within = data
        for part in path[:-1]:
            within = within.setdefault(str(part), {})
        within[str(path[-1])] = value.replace(";", " ").split() if is_list else Plain(value)
    return data


def _unquoted(cell: str) -> str:
    if not cell.lstrip().startswith('"'):
        return cell
    quoted, _, rest = cell.strip()[1:].rpartition('"')
    return quoted.replace('""', '"') + rest
