"""Sites as rows of a CSV file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.table import cell_columns

Load = Callable[..., Fleet]
Problems = Callable[..., list[Problem]]
FROM = "sites: {from: stores.csv}\n"


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], None]:
    """Write the table."""

    def write(text: str) -> None:
        (tmp_path / "stores.csv").write_text(text, encoding="utf-8")

    return write


def test_rows_are_sites(table: Callable[[str], None], load: Load) -> None:
    """Dotted columns, empty cells that say nothing, lists in one cell, quoted cells, labels with dots."""
    table(
        "name,group,location.city,network.address,network.gateway,network.dns,labels.example.com/tier\n"
        'a,kiosks,"Washington, DC",10.1.0.4/24,10.1.0.1,9.9.9.9 1.1.1.1,gold\n'
        "\n"
        "b,,,,,,\n"
    )
    fleet = load(FROM)
    site, other = fleet.sites["a"], fleet.sites["b"]
    assert site.location is not None
    assert "Washington, DC" == site.location.city
    assert ("9.9.9.9", "1.1.1.1") == site.nodes["n1"].network.dns
    assert {"example.com/tier": "gold", "tier": "kiosk"} == site.nodes["n1"].labels
    assert not other.nodes["n1"].network.is_static
    assert "stores.csv:2:27" == fleet.locate("a", "nodes.n1.network.address")
    assert "stores.csv:2:1" == fleet.locate("a")
    assert "stores.csv:2:48" == fleet.locate("a", "nodes.n1.network.dns[1]")
    assert "test.fleet.yaml:12:43" == fleet.locate("a", "nodes.n1.labels.tier")


def test_a_table_that_is_none_is_answered_as_a_table(
    table: Callable[[str], None], problems: Problems, tmp_path: Path
) -> None:
    """An empty one, and a directory: the hint is for a table, not for a fleet file."""
    table("")
    (empty,) = problems(FROM)
    assert ("empty", True) == (empty.code, empty.hint.startswith("write a heading line such as name,"))
    (tmp_path / "stores.csv").unlink()
    (tmp_path / "stores.csv").mkdir()
    (folder,) = problems(FROM)
    assert ("is-directory", "name a CSV file") == (folder.code, folder.hint)


def test_a_table_and_the_same_sites_inline_are_the_same_fleet(
    table: Callable[[str], None], load: Load
) -> None:
    """Where a site is written is no part of what it is."""
    inline = load("sites: {a: {group: kiosks, network: {address: 10.1.0.4/24, gateway: 10.1.0.1}}}\n")
    for end in ("\n", "\r\n", "\r"):
        table(f'name;"group";network.address;network.gateway{end}a;kiosks;10.1.0.4/24;"10.1.0.1"{end}')
        assert inline.sites == load(FROM).sites


@pytest.mark.parametrize(
    ("text", "found", "words"),
    [
        ("nam,group\na,kiosks\n", ("1:1", "missing-column"), "the column name is missing"),
        ("name,grup\na,kiosks\n", ("1:6", "unknown-key"), "did you mean group?"),
        ("name,network.adress\na,x\n", ("1:6", "unknown-key"), "did you mean network.address"),
        ("name,network\na,x\n", ("1:6", "unknown-key"), "name a value in it"),
        ("name,keyGeneration,keyGeneration\na,1,1\n", ("1:20", "duplicate-key"), "appears twice"),
        ("name,keyGeneration,\na,1,\n", ("1:20", "unknown-key"), "no heading"),
        ("name,keyGeneration\na\n", ("2:1", "bad-row"), "1 cell, the heading has 2"),
        ('name,keyGeneration\n"a,1\n', ("2:1", "bad-row"), "not closed"),
        ("name,keyGeneration\n,1\n", ("2:1", "missing"), "no name"),
        ("name,keyGeneration\na,1\na,1\n", ("3:1", "duplicate-site"), "first at stores.csv:2:1"),
        ("name,keyGeneration\na,zero\n", ("2:3", "wrong-type"), "whole number"),
        ("name,group\na,kiosk\n", ("2:3", "unknown-group"), "did you mean kiosks?"),
        ("name,keyGeneration\n../../etc,1\n", ("2:1", "bad-name"), "RFC 1123"),
    ],
)
def test_a_wrong_table_is_reported_at_its_cell(
    table: Callable[[str], None], problems: Problems, text: str, found: tuple[str, str], words: str
) -> None:
    """Line and column are the ones that an editor shows."""
    table(text)
    problem = problems(FROM)[0]
    assert found == (problem.where.removeprefix("stores.csv:"), problem.code)
    assert words in str(problem)


def test_a_column_that_every_site_needs_is_named_once(
    table: Callable[[str], None], problems: Problems
) -> None:
    """Without any profile in the file, it is the table's column that is missing, not a value in each row."""
    table("name,keyGeneration\n" + "".join(f"s{number},1\n" for number in range(100)))
    (problem,) = problems(FROM, defaults="defaults: {k3s: {version: v1.36.4+k3s1}}\n")
    assert ("missing-column", "the column profile is missing") == (problem.code, problem.problem)


def test_duplicates_are_found_between_a_table_and_another(
    table: Callable[[str], None], tmp_path: Path, problems: Problems
) -> None:
    """Several tables are one fleet."""
    table("name,keyGeneration\na,1\n")
    (tmp_path / "more.csv").write_text("name,keyGeneration\na,1\n")
    (problem,) = problems("sites: {from: [stores.csv, more.csv]}\n")
    assert ("more.csv:2:1", "duplicate-site") == (problem.where, problem.code)


@pytest.mark.parametrize("name", ["../x.csv", "/etc/x.csv", "stores.txt"])
def test_a_table_stands_beside_its_fleet_file(problems: Problems, name: str) -> None:
    """A fleet file reads nothing from elsewhere."""
    (problem,) = problems(f"sites: {{from: {name}}}\n")
    assert ("bad-table", "sites.from") == (problem.code, problem.path)


def test_a_missing_table_is_reported_once(problems: Problems) -> None:
    """Waves that name its sites are no mistakes of their own."""
    (problem,) = problems(FROM + "rollout: {waves: [{name: a, where: {sites: [x]}}]}\n")
    assert ("no-file", "test.fleet.yaml:13:15") == (problem.code, problem.where)


def test_every_single_value_of_a_site_can_be_a_column() -> None:
    """What an inventory's export may hold."""
    assert {"group", "network.address", "location.city", "link.down", "k3s.version"} <= set(cell_columns())
