"""A changed workload, as preview, its JSON and explain show it."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from rich.cells import cell_len
from tests.commands.conftest import World

from edgefleet.io import disk, rendered_texts
from edgefleet.workloads import composing

if TYPE_CHECKING:
    from tests.conftest import Golden

WORKLOADS = """\
workloads:
  till:
    kind: web
    image: registry.example/shop/till:1.4
    port: 8080
    environment: {STORE: "{site.name}"}
    secrets: {API_KEY: shop}
  menu: {kind: web, image: "registry.example/shop/menu:2", port: 8081, where: {sites: [berlin, munich]}}
"""


def settled(text: str) -> str:
    """`text` without what follows from each byte of an image."""
    return re.sub(r"\b[0-9a-f]{64}\b", "0" * 64, re.sub(r"-[0-9a-f]{16}\b", f"-{'0' * 16}", text))


def schema(name: str) -> dict[str, Any]:
    """A schema of the package."""
    text = (files("edgefleet") / "schema" / f"{name}.schema.json").read_text()
    read: dict[str, Any] = json.loads(text)
    return read


@pytest.fixture
def shops(known: World) -> World:
    """Brought up, with two workloads."""
    known.fleet_file.write_text(known.fleet_file.read_text() + WORKLOADS)
    assert known.run("up", "-s", "dev", "-y").code == 0
    known.engine.done.clear()
    return known


def test_a_changed_tag_names_sites_objects_and_digests(shops: World, golden: "Golden") -> None:
    """In 80 columns, with the line of the tag; explain has the objects."""
    shops.edit("till:1.4", "till:1.5")
    planned = shops.run("preview", "-s", "dev").out
    explained = shops.run("explain", "-s", "dev", "#1").out
    assert [] == [line for line in planned.splitlines() if cell_len(line) > 80]
    golden("changed-tag.txt", settled(planned))
    golden("changed-tag-explained.txt", settled(explained))
    before = shops.engine.resources["berlin"].outputs["images"]["n1"]["seed"]
    assert 0 == shops.run("up", "-s", "dev", "-y").code
    after = shops.engine.resources["berlin"].outputs["images"]["n1"]["seed"]
    for out in (planned, explained):
        assert f"    - {before}\n    + {after}\n" in out


def test_json_has_the_changes_of_objects(shops: World) -> None:
    """By object and path, with lines, as the schema has them."""
    shops.edit("till:1.4", "till:1.5")
    shops.edit("  menu: {", "  food: {")
    document = shops.run("preview", "-s", "dev", "--json", "-").json
    jsonschema.validate(document, schema("preview"))
    both, one = document["groups"]
    image = {
        "workload": "till",
        "object": "Deployment/till",
        "op": "changed",
        "path": "spec.template.spec.containers.till.image",
        "old": "registry.example/shop/till:1.4",
        "new": "registry.example/shop/till:1.5",
        "where": "stacks/dev.fleet.yaml:17",
    }
    assert (["berlin", "munich"], ["hamburg"]) == (both["sites"], one["sites"])
    assert [image] == one["objects"]
    assert [
        ("added", "food", "Namespace/food", "stacks/dev.fleet.yaml:21"),
        ("removed", "menu", "Namespace/menu", ""),
    ] == [
        (each["op"], each["workload"], each["object"], each["where"])
        for each in both["objects"]
        if each["object"].startswith("Namespace")
    ]


def test_a_changed_secret_shows_no_text(shops: World) -> None:
    """Neither does another name of a secret; the object and its key are named."""
    shops.engine.passphrases = {"shop": "another text"}
    planned = shops.run("preview", "-s", "dev").out
    line = "      Secret/till: API_KEY (secret)                     stacks/dev.fleet.yaml:20\n"
    assert line in planned
    assert "another text" not in planned + shops.run("preview", "-s", "dev", "--json", "-").out


def test_another_machine_shows_what_this_one_rendered(
    shops: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release in the store has the objects as they were."""

    def elsewhere(machine: str) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / machine))
        for cached in (composing.composed, rendered_texts.read):
            cached.cache_clear()

    elsewhere("one")
    board = "{apiVersion: v1, kind: ConfigMap, metadata: {name: board}, data: {lanes: four}}"
    shops.edit("workloads:\n", f"workloads:\n  board: {{kind: manifests, files: ['{board}']}}\n")
    assert 0 == shops.run("up", "-s", "dev", "-y").code
    for key, data in shops.engine.releases.items():
        disk.update(shops.project / "images" / key, data)
    elsewhere("another")
    shops.edit("lanes: four", "lanes: five")
    explained = shops.run("explain", "-s", "dev", "--target", "berlin")
    assert 0 == explained.code, explained.err
    assert "      -  lanes: four\n      +  lanes: five\n" in explained.out


def test_a_site_shows_what_it_runs(shops: World) -> None:
    """From which line, with its images and what it takes; JSON has the same."""
    shops.edit("port: 8081,", "port: 8081, expose: {host: menu.local, port: 8090},")
    ran = shops.run("sites", "show", "berlin", "-s", "dev")
    outputs = shops.engine.resources["berlin"].outputs
    digest, release = outputs["images"]["n1"]["seed"], outputs["release"]["digest"]
    assert 0 == ran.code, ran.err
    assert [
        "berlin: 2 workloads                                     stacks/dev.fleet.yaml:11",
        "  menu  web, on n1                                      stacks/dev.fleet.yaml:21",
        "      registry.example/shop/menu:2",
        "      memory 64Mi, cpu 50m, disk 64Mi",
        "      http://menu.local, port 8090",
        "  till  web, on n1                                      stacks/dev.fleet.yaml:16",
        "      registry.example/shop/till:1.4",
        "      memory 64Mi, cpu 50m, disk 64Mi",
        "taken, with runtime and system: memory 1.7 of 8.6 GB, cpu 0.4 of 4 cores, disk",
        "  7.6 of 68.7 GB",
        "n1: k3s-server v1.36.4+k3s1",
        f"      {digest}",
        "release",
        f"      {release}",
    ] == ran.out.splitlines()
    document = shops.run("sites", "show", "berlin", "-s", "dev", "--json", "-").json
    jsonschema.validate(document, schema("site"))
    assert release == document["release"]
    assert {"runtime": "k3s-server", "k3s": "v1.36.4+k3s1", "digest": digest} == document["nodes"]["n1"]
    assert ["menu", "till"] == [each["name"] for each in document["workloads"]]
    assert {"taken": 400, "whole": 4000} == document["capacity"]["cpu"]
    shops.edit("sites:\n", "sites:\n  bonn: {nodes: {n1: {}}}\n")
    jsonschema.validate(shops.run("sites", "show", "bonn", "-s", "dev", "--json", "-").json, schema("site"))
    unknown = shops.run("sites", "show", "berlim", "-s", "dev")
    assert (1, True) == (unknown.code, "berlin" in unknown.err)
