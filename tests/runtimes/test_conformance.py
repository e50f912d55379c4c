"""One table for all runtimes: what each does with each kind of workload, and with a node's whole life.

A new runtime is a row of `ROWS`. The kinds of a row are those of docs/runtimes/README.md.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.fleetfile.conftest import load, problems
from tests.site.conftest import KEY

from edgefleet.boot import RECIPES, heartbeat
from edgefleet.boot import healing as heal
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.effects import Effect
from edgefleet.model.firstboot import Step, Target
from edgefleet.model.safety import Identity, KubeEdgeIdentity
from edgefleet.model.site import Node, SiteSpec
from edgefleet.model.type_introspection import at
from edgefleet.runtimes import RUNTIMES, runtime_of
from edgefleet.workloads import KINDS, hub_nodes
from edgefleet.workloads.composing import hub_objects_of, text_of

__all__ = ["load", "problems"]
PAGES = Path(__file__).resolve().parents[2] / "docs/runtimes"
IMAGE = "registry.example/shop/a:1"
NETWORK = {"gateway": "10.9.0.254", "dns": ["10.9.0.254"]}
EXAMPLES: dict[str, dict[str, Any]] = {
    "cache": {"origin": "https://menu.example"},
    "function": {"image": IMAGE, "runtime": {"name": "crun-wasm"}, "port": 8080},
    "gateway": {"anonymous": {"read": ["a/#"]}},
    "inference": {
        "image": IMAGE,
        "port": 8080,
        "model": {"source": "https://models.example/a.onnx", "sha256": "0" * 64},
    },
    "job": {"image": IMAGE},
    "payload": {"images": [IMAGE]},
    "session": {},
    "stream": {"subjects": ["a.>"]},
    "web": {"image": IMAGE, "port": 8080},
}
"""dict[kind -> the smallest entry]; those that render files of a project are in tests of their own."""
FROM_FILES = frozenset({"chart", "manifests"})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One runtime."""

    nodes: dict[str, dict[str, Any]]
    """The nodes of a site, of which the first has the runtime."""
    holds: str
    """What the path of a file with a workload begins with, at the node that applies it, or `AT_HUB`."""
    refuses: frozenset[str] = frozenset()
    """Kinds that it does not run."""
    applied_by: int = 0
    """Which of the nodes applies the objects."""
    of_site: dict[str, Any] = field(default_factory=dict)
    """What its site has besides."""
    of_file: dict[str, Any] = field(default_factory=dict)
    """What the fleet file has besides."""
    of_workloads: dict[str, Any] = field(default_factory=dict)
    """What each workload has besides, to be placed at the runtime."""
    function: dict[str, Any] = field(default_factory=lambda: EXAMPLES["function"])
    """The smallest function that it runs."""


def _nodes(*runtimes: str) -> dict[str, dict[str, Any]]:
    return {
        f"n{number}": {"runtime": runtime, "network": {"address": f"10.9.0.1{number}/24"}}
        for number, runtime in enumerate(runtimes)
    }


SERVER = {"n1": {"runtime": "k3s-server", "network": {"address": "10.9.0.11/24"}}}
MANIFESTS = "/etc/edgefleet/manifests/"
AT_HUB = "the hub's cluster: "
"""Begins what stands for a path where a workload's objects are in that cluster."""
ROWS = {
    "k3s-server": Row(nodes=_nodes("k3s-server"), holds=MANIFESTS),
    "k3s-ha": Row(nodes=_nodes("k3s-ha", "k3s-ha", "k3s-ha"), holds=MANIFESTS),
    "k3s-agent": Row(nodes=_nodes("k3s-agent", "k3s-server"), holds=MANIFESTS, applied_by=1),
    "containerd": Row(
        nodes=_nodes("containerd"),
        holds="/etc/edgefleet/containers/",
        refuses=frozenset({"chart", "inference", "job", "manifests"}),
    ),
    "kubeedge": Row(
        nodes=_nodes("kubeedge"),
        holds=AT_HUB,
        refuses=frozenset({"chart", "inference", "manifests"}),
        of_site={"kubeedge": {"version": "v1.23.1"}},
        of_file={
            "controlPlane": {
                "kind": "existing",
                "kubeconfig": "hub.yaml",
                "kubeedge": {"version": "v1.23.1", "address": "edge.shops.example"},
            }
        },
    ),
    "krustlet": Row(
        nodes={"n0": {"profile": "old", "network": {"address": "10.9.0.10/24"}}, **SERVER},
        holds=MANIFESTS,
        refuses=frozenset(KINDS) - {"function", "payload"},
        applied_by=1,
        of_workloads={"where": {"profiles": ["old"]}},
        function={"image": IMAGE, "runtime": {"name": "krustlet"}, "writable": []},
    ),
}
IDENTITY = Identity(
    certificate="one\n",
    authority="other\n",
    kubeedge=KubeEdgeIdentity(address="edge.shops.example", authority="a\n", certificates={"n0": "b\n"}),
)
"""What a stack's secret adds to a site that joins its hub."""
NAMES = sorted(ROWS)
PLAIN = sorted(KINDS.keys() - FROM_FILES)


def profiles_of(memory: str, *, cpus: int = 4, wasm: Sequence[str] = ()) -> str:
    """The profiles of a fleet file, one of which has Krustlet."""
    pos = {"arch": "amd64", "cpus": cpus, "memory": memory, "disk": "128Gi"}
    archive = {"source": "https://files.example/a.tar.gz", "sha256": "0" * 64, "acceptUntested": True}
    old = {**pos, "runtime": "krustlet", "krustlet": archive}
    return yaml.safe_dump({"profiles": {"pos": pos | {"wasm": list(wasm)}, "old": old}})


def fleet_of(row: Row, workloads: dict[str, Any]) -> str:
    """The end of a fleet file with a site of the runtime and `workloads`."""
    site = {"network": NETWORK, "nodes": row.nodes, **row.of_site}
    return yaml.safe_dump({"sites": {"shop": site}, "workloads": workloads, **row.of_file})


def site_of(load: Callable[..., Fleet], row: Row, workloads: dict[str, Any]) -> SiteSpec:
    """The site that runs them."""
    site = load(fleet_of(row, workloads), profiles=profiles_of("8Gi", wasm=["crun-wasm"])).sites["shop"]
    return replace(site, identity=IDENTITY) if row.of_file else site


def files_of(site: SiteSpec, row: Row) -> dict[str, bytes]:
    """dict[path -> content] of the files with workloads at the node that applies them, or at the hub."""
    name = [*row.nodes][row.applied_by]
    return {path: data for path, data in _all(site, name) if path.startswith(row.holds)}


def _all(site: SiteSpec, name: str) -> Iterator[tuple[str, bytes]]:
    target = Target(site=site, name=name, key=KEY)
    whole = Step.joined(*(step.plan(target) for step in RECIPES[site.recipe]))
    yield from ((file.path, file.content) for file in whole.files)
    yield from ((unit.name, unit.text.encode()) for unit in whole.units)
    for namespace, objects in hub_objects_of(dict(hub_nodes.entries(site))).items():
        yield f"{AT_HUB}{namespace}", text_of(objects).encode()


def test_every_runtime_is_a_row_and_has_a_page() -> None:
    assert RUNTIMES.keys() == ROWS.keys()
    assert EXAMPLES.keys() | FROM_FILES == KINDS.keys()
    pages = {page.stem for page in PAGES.glob("*.md")}
    assert ROWS.keys() <= pages


def test_the_page_of_all_runtimes_has_the_same_table() -> None:
    """Each cell says whether a kind runs there."""
    text = (PAGES / "README.md").read_text(encoding="utf-8")
    head, _, *rows = (
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in re.findall(r"(?m)^\|.*\|$", text.partition("## Kinds")[2].partition("\n## ")[0])
    )
    assert head[0] == "kind"
    shown = {
        (row[0], runtime) for row in rows for runtime, cell in zip(head, row, strict=True) if cell == "yes"
    }
    assert {(kind, name) for name, row in ROWS.items() for kind in KINDS.keys() - row.refuses} == shown


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("name", NAMES)
def test_a_kind_runs_or_is_refused_by_name(
    name: str, kind: str, load: Callable[..., Fleet], problems: Callable[..., Any]
) -> None:
    """What runs is in files of what applies it; what does not names site, kind and line."""
    row = ROWS[name]
    fields = row.function if kind == "function" else EXAMPLES[kind]
    workloads = {"till": {"kind": kind, **fields, **row.of_workloads}}
    if kind in row.refuses:
        found = problems(fleet_of(row, workloads), profiles=profiles_of("8Gi"))
        assert [] != [each for each in found if kind in each.problem or "shop" in each.problem]
        assert all(each.where and each.hint for each in found)
        return
    site = site_of(load, row, workloads)
    if kind == "payload":  # adds to the image alone
        assert files_of(site, row).keys() == files_of(site_of(load, row, {}), row).keys()
        return
    more = files_of(site, row).keys() - files_of(site_of(load, row, {}), row).keys()
    assert more
    assert all("till" in path or "edgefleet" in path for path in more)


@pytest.mark.parametrize("name", NAMES)
def test_an_update_changes_the_files_of_its_workload_alone(name: str, load: Callable[..., Fleet]) -> None:
    """The other workload, the runtime and its units stay as they are."""
    row = ROWS[name]
    web = {"kind": "web", "image": IMAGE, "port": 8080}
    before, after = (
        site_of(load, row, {"till": {**web, "image": image}, "carts": {"kind": "session"}})
        for image in (IMAGE, "registry.example/shop/a:2")
    )
    node = [*row.nodes][row.applied_by]
    old, new = dict(_all(before, node)), dict(_all(after, node))
    changed = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    assert changed
    assert [] == [path for path in changed if not path.startswith(row.holds) or "carts" in path]


@pytest.mark.parametrize("name", NAMES)
def test_a_workload_that_leaves_is_in_no_file(name: str, load: Callable[..., Fleet]) -> None:
    row = ROWS[name]
    web = {"kind": "web", "image": IMAGE, "port": 8080}
    both = {"till": web, "carts": {"kind": "session"}}
    for there, workloads in ((True, both), (False, {"carts": both["carts"]})):
        files = files_of(site_of(load, row, workloads), row)
        assert there is any(IMAGE in data.decode() for data in files.values())


@pytest.mark.parametrize("name", NAMES)
def test_it_is_installed_and_its_health_is_seen(name: str, load: Callable[..., Fleet]) -> None:
    """Its installer is a unit; what keeps the node well names its unit, and the heartbeat its program."""
    row = ROWS[name]
    site = site_of(load, row, {})
    target = Target(site=site, name=next(iter(row.nodes)), key=KEY)
    runtime = runtime_of(target.node)
    assert runtime is RUNTIMES[name]
    units = {unit.name for unit in runtime.install(target).units}
    assert runtime.installer in units
    (script,) = (file for file in heal.plan(target).files if file.path == heal.SCRIPT)
    assert runtime.unit.removesuffix(".service") in script.content.decode()
    assert runtime.healthy_within > 0
    known = replace(target, site=replace(site, identity=replace(IDENTITY, hub="hub.shops.example")))
    (reporting,) = (file for file in heartbeat.plan(known).files if file.path == heartbeat.SCRIPT)
    assert f"program={runtime.program}" in reporting.content.decode()


@pytest.mark.parametrize("name", NAMES)
def test_a_node_that_is_too_small_is_told_what_fits(name: str, problems: Callable[..., Any]) -> None:
    """With both numbers, and the largest runtime that fits; nothing fits a node of 64 MB."""
    row, minimum = ROWS[name], RUNTIMES[name].minimum
    smaller = minimum.memory // 1000**2 - 1
    for memory, fits in ((smaller, smaller >= 256), (64, False)):
        found = [
            each
            for each in problems(fleet_of(row, {}), profiles=profiles_of(f"{memory}M", cpus=minimum.cpus))
            if each.code == "too-small"
        ]
        assert found
        assert all(minimum.words in each.problem or len(row.nodes) > 1 for each in found)
        assert fits is any("or runtime: " in (each.hint or "") for each in found)


def test_a_change_of_runtime_is_a_reflash() -> None:
    """Of every runtime to every other one."""
    shape = at(Node, ("runtime",))
    assert shape is not None
    assert Effect.REFLASH == shape.note(Effect)
