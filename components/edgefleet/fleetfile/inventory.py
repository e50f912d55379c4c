"""The sites as written: a map, a list of items with a name, or the rows of tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.document import TABLE
from edgefleet.fleetfile.document_io import read_text, shown_path
from edgefleet.fleetfile.table import Table
from edgefleet.fleetfile.validation import Parts
from edgefleet.model.syntax import shown

FROM = "from"
_HINT = "write a map of sites by name, or {from: <file>.csv}"


class Place(NamedTuple):
    """The folders of tables: the fleet file's, and the project's."""

    folder: Path
    root: Path


def sites(written: Any, place: Place, parts: Parts) -> dict[str, Any]:
    """dict[site name -> plain data], in the order of the file; problems are reported to `parts`."""
    if written is None:  # the head reports a missing key, this an empty one
        if parts.provenance.find(("sites",)) is not None:
            parts.report(("sites",), "no-value", "there are no sites here", _HINT)
        return {}
    if isinstance(written, list):
        return dict(_listed(written, parts))
    if not isinstance(written, dict):
        parts.report(("sites",), "wrong-type", f"expected sites, found {shown(written)}", _HINT)
        return {}
    if isinstance(written.get(FROM), str | list):
        return dict(_tables(written, place, parts))
    return written


def _listed(items: list[Any], parts: Parts) -> Iterator[tuple[str, Any]]:
    listed = parts.provenance.listed
    for index, item in enumerate(items):
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str):
            hint = "add name: to each site of a list"
            parts.report(("sites", index), "missing", "this item has no name", hint)
        elif name in listed:
            first = parts.provenance.find(("sites", name, "name"))
            parts.report(("sites", index, "name"), *_twice(name, first))
        else:
            listed[name] = index
            yield name, {key: value for key, value in item.items() if key != "name"}


def _tables(written: dict[str, Any], place: Place, parts: Parts) -> Iterator[tuple[str, Any]]:
    for other in sorted(written.keys() - {FROM}):
        problem, hint = (
            f"{shown(other)} stands beside from",
            "put every site into the table, or every site here",
        )
        parts.report(("sites", other), "unknown-key", problem, hint, of_key=True)
    names = written[FROM]
    for index, name in enumerate([names] if isinstance(names, str) else names):
        path = ("sites", FROM) if isinstance(names, str) else ("sites", FROM, index)
        if isinstance(name, str) and TABLE.accepts(name):
            yield from _rows(place.folder / name, path, place, parts)
        else:
            problem = f"{shown(name)} is not {TABLE.what}"
            parts.report(path, TABLE.code, problem, "write a name such as stores.csv")


def _rows(file: Path, path: tuple[Any, ...], place: Place, parts: Parts) -> Iterator[tuple[str, Any]]:
    name = shown_path(file, place.root)
    try:
        text = read_text(file, name)
    except InvalidInput as error:
        problem = error.problem
        parts.report(path, problem.code, f"{problem.where}: {problem.problem}", problem.hint)
        return
    rows = parts.provenance.rows
    try:
        for site, plain, row in Table(text, name).sites(parts.problems):
            if site in rows:
                first = rows[site].find(())
                parts.problems.append(row.problem(*_twice(site, first)))
                continue
            rows[site] = row
            yield site, plain
    except InvalidInput as error:
        parts.problems += error.problems


def _twice(name: str, first: str | None) -> tuple[str, str, str]:
    problem = f"{shown(name)} is here for the second time, first at {first or 'an earlier place'}"
    return "duplicate-site", problem, "give each site its own name, or remove one"
