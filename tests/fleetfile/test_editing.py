"""Changes to a fleet file in place: nothing but the value that was meant, comments and layout included."""

import pathlib
from collections.abc import Callable

import pytest

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.editing import SHOWN, Edited, Editing
from edgefleet.fleetfile.load import load_fleet
from edgefleet.fleetfile.provenance import Provenance
from edgefleet.fleetfile.source import Positions, Source
from edgefleet.fleetfile.table import Table
from edgefleet.model.paths import Path

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOWN_AS = "dev.fleet.yaml"
GENERATION = ("sites", "b", "keyGeneration")


def editing(text: str, listed: dict[str, int] | None = None) -> Editing:
    """Edits of a fleet file without tables."""
    return Editing(Provenance(text=Source(text, SHOWN_AS), listed=listed or {}), lambda _: text)


def of_table(table: str) -> Editing:
    """Edits of a fleet file whose sites are rows of a table."""
    rows: dict[str, Positions] = {name: row for name, _, row in Table(table, "dev.csv").sites([])}
    return Editing(Provenance(text=Source("sites: {from: dev.csv}\n", SHOWN_AS), rows=rows), lambda _: table)


def after(edits: Editing) -> str:
    """The only file that changed."""
    (file,) = edits.files
    return file.after


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("sites:\n  b: {keyGeneration: 1} # x\n", "sites:\n  b: {keyGeneration: 2} # x\n"),
        ("sites:\n  b:\n    keyGeneration: '1'   # x\n", "sites:\n  b:\n    keyGeneration: 2   # x\n"),
        ("sites:\n  b: {profile: p}\n", "sites:\n  b: {keyGeneration: 2, profile: p}\n"),
        ("sites: {b: {}}\n", "sites: {b: {keyGeneration: 2}}\n"),
        ("sites:\n  b:\n  c: {}\n", "sites:\n  b: {keyGeneration: 2}\n  c: {}\n"),
        ("sites:\n  b: ~\n", "sites:\n  b: {keyGeneration: 2}\n"),
        (
            (
                "sites:\n  # größer\n  b:\n    profile: p # the till\n    # below\n"
                "    labels:\n      x: y\n  c: {}\n"
            ),
            (
                "sites:\n  # größer\n  b:\n    profile: p # the till\n    keyGeneration: 2\n    # below\n"
                "    labels:\n      x: y\n  c: {}\n"
            ),
        ),
        (
            "sites:\n  b:\n    labels:\n      x: y\n",
            "sites:\n  b:\n    keyGeneration: 2\n    labels:\n      x: y\n",
        ),
        (
            "sites:\r\n  b:\r\n    profile: p\r\n",
            "sites:\r\n  b:\r\n    profile: p\r\n    keyGeneration: 2\r\n",
        ),
    ],
)
def test_a_value_is_set_in_every_usual_form(before: str, wanted: str) -> None:
    """In a map of one line or of several, where it is there or not; nothing else moves."""
    edits = editing(before)
    edits.put(GENERATION, "2")
    assert wanted == after(edits)


def test_a_listed_site_is_found_by_its_name() -> None:
    """The entry goes below the name."""
    edits = editing("sites:\n  - name: a\n  - name: b # x\n    profile: p\n", {"a": 0, "b": 1})
    edits.put(GENERATION, "2")
    assert "sites:\n  - name: a\n  - name: b # x\n    keyGeneration: 2\n    profile: p\n" == after(edits)


def test_what_is_missing_is_made_at_the_end() -> None:
    """Several edits of one file are one difference."""
    edits = editing("fleet: x\nsites:\n  b: {profile: p}")
    edits.put(GENERATION, "2")
    edits.put(("revoked", "b"), "1")
    edits.put(("revoked", "null"), "1")
    assert 'fleet: x\nsites:\n  b: {keyGeneration: 2, profile: p}\nrevoked: {"null": 1, b: 1}\n' == after(
        edits
    )
    assert ["--- dev.fleet.yaml", "+++ dev.fleet.yaml"] == edits.files[0].difference[:2]
    assert '+revoked: {"null": 1, b: 1}' in edits.files[0].difference


def test_a_value_in_maps_that_are_missing() -> None:
    """They are made around it."""
    edits = editing("sites:\n  b:\n    link: {class: dark}\n")
    edits.put(("sites", "b", "link", "updates", "floor"), "9")
    assert "sites:\n  b:\n    link: {updates: {floor: 9}, class: dark}\n" == after(edits)


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (
            "sites:\n  a: {}\n  b:\n    profile: p\n    # of b\n  # of c\n  c: {}\n",
            "sites:\n  a: {}\n  # of c\n  c: {}\n",
        ),
        ("sites:\n  a: {}\n  b:\n    note: |\n      x\n\n      y\nrest: 1\n", "sites:\n  a: {}\nrest: 1\n"),
        ("sites: {a: {}, b: {x: [1, 2]}}\n", "sites: {a: {}}\n"),
        ("sites: {b: {}, a: {}}\n", "sites: {a: {}}\n"),
        ("sites:\n  a: {}\n  b:\n", "sites:\n  a: {}\n"),
    ],
)
def test_an_entry_is_removed_with_what_is_in_it(before: str, wanted: str) -> None:
    """Comments that stand deeper go with it, those of the next site stay."""
    edits = editing(before)
    edits.remove_site("b")
    assert wanted == after(edits)


def test_a_listed_site_is_removed() -> None:
    """The item, with its dash."""
    edits = editing("sites:\n  - name: a\n  - name: b\n    profile: p\n  - name: c\n", {"b": 1})
    edits.remove_site("b")
    assert "sites:\n  - name: a\n  - name: c\n" == after(edits)


@pytest.mark.parametrize(
    ("before", "path", "hint"),
    [
        (
            "x: &x {profile: p}\nsites: {a: *x, b: *x}\n",
            GENERATION,
            "write keyGeneration: 2 there by hand",
        ),
        ("sites: {}\n...\n", ("revoked", "b"), "write b: 2 there by hand"),
        ("sites: text\n", GENERATION, "write keyGeneration: 2 there by hand"),
    ],
)
def test_what_would_change_more_is_refused_with_the_line_to_write(before: str, path: Path, hint: str) -> None:
    """A value that two sites share, a form that is too rare: the person writes it."""
    edits = editing(before)
    with pytest.raises(InvalidInput) as caught:
        edits.put(path, "2")
    assert ("not-editable", hint) == (caught.value.problem.code, caught.value.problem.hint)
    assert caught.value.problem.where.startswith(SHOWN_AS)
    assert () == edits.files


TABLE = 'name;profile;labels.x\na;p;"1;2"\n\nb; p ;\nc;p;\n'


def test_a_cell_of_a_table_is_set() -> None:
    """Also in a new column, for which each row gets a cell; blank lines stay."""
    edits = of_table(TABLE)
    edits.put(("sites", "b", "profile"), "q")
    assert TABLE.replace("b; p ;", "b;q;") == after(edits)
    edits.put(GENERATION, "2")
    assert 'name;profile;labels.x;keyGeneration\na;p;"1;2";\n\nb;q;;2\nc;p;;\n' == after(edits)


def test_a_row_of_a_table_is_removed() -> None:
    """Its line alone, with the line ends that the file has."""
    edits = of_table(TABLE.replace("\n", "\r\n"))
    edits.remove_site("b")
    assert TABLE.replace("b; p ;\n", "").replace("\n", "\r\n") == after(edits)


def test_a_long_difference_is_cut() -> None:
    """It counts what it does not show."""
    edited = Edited(shown="x", before="a\n" * 50, after="b\n" * 50)
    assert (SHOWN + 1, "... and 83 lines more") == (len(edited.difference), edited.difference[-1])


@pytest.mark.parametrize("example", ["shops", "depots", "factories", "towers", "workloads"])
def test_each_site_of_the_examples_is_edited(example: str) -> None:
    """A new key generation is read back, and no other site has another one."""
    folder = ROOT / "docs" / "examples"
    fleet = load_fleet(folder / f"{example}.fleet.yaml", folder)
    read: Callable[[str], str] = lambda shown: (folder / shown).read_text(encoding="utf-8")  # noqa: E731
    assert fleet.sites
    for name in fleet.sites:
        edits = Editing(fleet.provenance, read)
        edits.put(("sites", name, "keyGeneration"), "77")
        edits.put(("revoked", name), "76")
        assert 2 >= len(edits.files) > 0
        assert 1 == sum(file.after.count("77") - file.before.count("77") for file in edits.files)
        removing = Editing(fleet.provenance, read)
        removing.remove_site(name)
        (file,) = removing.files
        lines = file.before.splitlines()
        assert [line for line in file.after.splitlines() if line not in lines] == []
