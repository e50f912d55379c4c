"""Annotations of a node, set by a script with the rights of its kubelet."""

import subprocess
from dataclasses import replace
from pathlib import Path

from tests.boot.conftest import Targets

from edgefleet.boot import annotations
from edgefleet.model.firstboot import FirstBoot, Target
from edgefleet.model.programs import Handler

K3S = '#!/bin/sh\nshift 4\nfor word in "$@"; do echo "$word"; done >>"$EDGEFLEET_PREFIX/told"\n'


def annotated(target: Targets, wanted: dict[str, str]) -> Target:
    """A node with `wanted`."""
    site = target().site
    nodes = {"n1": replace(site.nodes["n1"], annotations=wanted)}
    return Target(site=replace(site, nodes=nodes), name="n1", key="")


def run(target: Target, root: Path, *arguments: str) -> list[str]:
    """The words after ``annotate`` that the node's script gives to kubectl."""
    (file,) = annotations.plan(target).files
    (root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
    (root / "usr/local/bin/k3s").write_text(K3S)
    (root / "usr/local/bin/k3s").chmod(0o755)
    (root / "told").write_text("")
    environment = {"EDGEFLEET_PREFIX": str(root), "PATH": "/usr/bin:/bin"}
    script = file.content.decode()
    subprocess.run(["sh", "-c", script, "annotate", *arguments], check=True, env=environment, timeout=30)
    return (root / "told").read_text().splitlines()


def test_each_is_set_whatever_is_in_its_value(target: Targets, tmp_path: Path) -> None:
    """As one word, for this node."""
    wanted = {"example.com/owner": "O'Neil & $(x)", "rack": ""}
    words = ["--overwrite", "node", "de-ber-001", "example.com/owner=O'Neil & $(x)", "rack="]
    assert words == run(annotated(target, wanted), tmp_path)


def test_what_is_no_longer_wanted_is_removed(target: Targets, tmp_path: Path) -> None:
    """And nothing that others have set."""
    run(annotated(target, {"a": "1", "b": "2"}), tmp_path)
    assert ["b-", "--overwrite", "node", "de-ber-001", "a=1"] == [
        word for position, word in enumerate(run(annotated(target, {"a": "1"}), tmp_path)) if position > 2
    ]
    assert "a-" == run(annotated(target, {"a": "1"}), tmp_path, "undo")[-1]


def test_a_node_labels_itself_by_its_runtimes_for_webassembly(target: Targets, tmp_path: Path) -> None:
    """And takes the label away where its base system has one no longer."""

    def with_runtimes(*wasm: Handler) -> Target:
        plain = annotated(target, {"a": "1"})
        nodes = {"n1": replace(plain.node, wasm=wasm)}
        return Target(site=replace(plain.site, nodes=nodes), name="n1", key="")

    run(with_runtimes("crun-wasm", "spin"), tmp_path)
    words = run(with_runtimes("spin"), tmp_path)[4:]
    told = ["--overwrite", "node", "de-ber-001"]
    removed, kept = "wasm.edgefleet.dev/crun-wasm-", "wasm.edgefleet.dev/spin=true"
    assert [*told, removed, *told, kept] == words


def test_a_node_without_any_removes_the_script_of_an_earlier_seed(target: Targets) -> None:
    (command,) = annotations.plan(target()).commands
    assert f"if [ -e {annotations.SCRIPT} ]; then {annotations.SCRIPT} undo" in command[-1]


def test_they_are_set_after_each_start_of_k3s(boot: FirstBoot) -> None:
    """A node has none until it is registered, and one that is registered again has lost them."""
    (unit,) = (unit for unit in boot.units if unit.name == annotations.UNIT)
    assert unit.is_enabled
    assert {"After=k3s.service", "WantedBy=k3s.service", "Restart=on-failure"} <= {*unit.text.splitlines()}
