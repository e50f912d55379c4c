"""`edgefleet advise`: which runtime and hub suit a fleet, for people and programs."""

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import jsonschema
import pytest
from rich.cells import cell_len

if TYPE_CHECKING:
    from tests.commands.conftest import World

FILE = "stacks/dev.fleet.yaml"
WORKLOADS = """\
workloads:
  till: {kind: web, image: "registry.example/till:1", port: 8080, critical: true, where: {sites: [berlin]}}
"""


def test_a_fleet_is_advised_in_80_columns(world: "World") -> None:
    """Sites that are alike are together, with the hub and what would change it."""
    world.fleet_file.write_text(world.fleet_file.read_text() + WORKLOADS)
    ran = world.run("advise", FILE)
    assert 0 == ran.code
    assert [] == [line for line in ran.out.splitlines() if cell_len(line) > 80]
    assert ran.out.startswith("shops / dev: advice for 3 sites\nHUB - none: keep it\n")
    assert 3 == ran.out.count("recommended: k3s-server, as now")
    assert "\nSITE berlin\n" in ran.out
    assert "edge: till\n" in ran.out


def test_one_site_has_all_figures_with_their_sources(world: "World") -> None:
    """Each choice has what it takes, opens and loses; each number is one of the list below."""
    ran = world.run("advise", FILE, "berlin", "--for", "function")
    assert (0, "") == (ran.code, ran.err)
    body, _, sources = ran.out.partition("\nSOURCES\n")
    for words in ("k0s - ", "microk8s - ", "kubernetes - ", "krustlet - ", "not set up by this version"):
        assert words in body
    assert "takes of memory: 1,596 MB (with SQLite and a small workload) [2]\n" in body
    assert "what a function takes depends on it" in body
    numbers = {int(word[1:-1]) for word in body.split() if word[0] == "[" and word[1:-1].isdigit()}
    assert numbers
    assert [] == [number for number in numbers if f"  [{number}] " not in sources]


def test_json_is_as_its_schema_has_it(world: "World") -> None:
    """For a fleet and for one site, with the sources of all figures."""
    schema = json.loads((files("edgefleet") / "schema/advice.schema.json").read_text())
    whole = world.run("advise", FILE, "--json", "-").json
    one = world.run("advise", FILE, "berlin", "--json", "-").json
    for document in (whole, one):
        jsonschema.validate(document, schema)
    assert one["choices"]["k3s-server"]["figures"]["takes of memory"]["source"]["date"]
    assert [["berlin"]] == [group["sites"] for group in one["sites"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dev",), ("dev is a stack", f"help: edgefleet advise {FILE}")),
        (("stacks/none.fleet.yaml",), ("no such file", "dev.fleet.yaml")),
        (("stacks",), ("a directory, not a file", "dev.fleet.yaml")),
        ((FILE, "berlim"), ("no site 'berlim'", "berlin")),
        ((FILE, "--for", "web,sesion"), ("no kind 'sesion'", "session")),
        ((FILE, "berlin", "--json", "none/x.json"), ("does not exist", "--json")),
    ],
)
def test_wrong_words_get_a_hint(world: "World", words: tuple[str, ...], said: tuple[str, str]) -> None:
    """Exit 1, what is wrong, and what to write."""
    ran = world.run("advise", *words)
    assert 1 == ran.code
    assert "" == ran.out
    assert [] == [word for word in said if word not in " ".join(ran.err.split())]


def test_a_file_that_validate_refuses_is_refused(world: "World") -> None:
    """With the same errors."""
    world.edit("memory: 8Gi", "memory: 1Gi")
    ran, validated = world.run("advise", FILE), world.run("validate", FILE)
    assert (1, validated.err) == (ran.code, ran.err)


def test_preview_names_what_suits_new_sites(world: "World") -> None:
    """In one line for sites that are alike; the JSON has the reason."""
    planned = world.run("preview", "-s", "dev")
    assert "RUNTIMES - 3 sites new or with another runtime\n" in planned.out
    assert "k3s-server, leaves " in planned.out
    document = world.run("preview", "-s", "dev", "--json", "-").json
    assert {"k3s-server"} == {group["recommended"] for group in document["runtimes"]}
