"""The sites as written: a map, a list of items with a name, or the rows of tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.document_io import read_text, shown_path
from edgefleet.fleetfile.table import Table
from edgefleet.fleetfile.validation import Parts
from edgefleet.model.syntax import shown

FROM = "from"
_HINT = "write a map of sites by name, or {from: <file>.csv}"


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of tables."""

    folder: Path
    """The fleet file's."""
    root: Path
    """The project's."""


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
            parts.report(
                ("sites", index), "missing", "this item has no name", "add name: to each site of a list"
            )
        elif name in listed:
            parts.report(
                ("sites", index, "name"), *_twice(name, parts.provenance.find(("sites", name, "name")))
            )
        else:
            listed[name] = index
            yield name, {key: value for key, value in item.items() if key != "name"}


def _tables(written: dict[str, Any], place: Place, parts: Parts) -> Iterator[tuple[str, Any]]:
    for other in sorted(written.keys() - {FROM}):
        parts.report(
            ("sites", other),
            "unknown-key",
            f"{shown(other)} stands beside from",
            "put every site into the table, or every site here",
            of_key=True,
        )
    names = written[FROM]
    for index, name in enumerate([names] if isinstance(names, str) else names):
        path = ("sites", FROM) if isinstance(names, str) else ("sites", FROM, index)
        if _is_table(name):
            yield from _rows(place.folder / name, path, place, parts)
        else:
            parts.report(
                path,
                "bad-table",
                f"{shown(name)} is not a CSV file beside this one",
                "write a name such as stores.csv",
            )


def _is_table(name: Any) -> bool:
    if not isinstance(name, str) or not name.endswith(".csv"):
        return False
    parts = PurePosixPath(name)
    return not parts.is_absolute() and ".." not in parts.parts


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
    return (
        "duplicate-site",
        f"{shown(name)} is here for the second time, first at {first or 'an earlier place'}",
        "give each site its own name, or remove one",
    )
