"""The program that hands manifests to k3s, and its removal: run for real, in a folder."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.boot.test_healing import cutter

from edgefleet.model.firstboot import Target
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain, to_plain
from edgefleet.runtimes.base.k3s_manifests import COPIES, DROP_IN, FOLDER, PROGRAM, manifests
from edgefleet.workloads.composing import entry, objects_of
from edgefleet.workloads.web import Web

Targets = Callable[..., Target]
MENU, TILL = ({"menu": f"kind: Namespace\nmetadata: {{name: {name}}}\n"} for name in ("menu", "till"))
TOOLS = "/usr/bin:/bin"


class Server:
    """The disk of a site's server."""

    def __init__(self, root: Path, site: SiteSpec) -> None:
        self.root, self.site = root, site
        self.copies = root / COPIES[1:]
        (root / "bin").mkdir(parents=True)
        (root / "bin" / "systemctl").symlink_to("/bin/true")

    def seed(self, texts: Mapping[str, str], workloads: Mapping[str, Any] | None = None) -> None:
        """Write the files of another seed and run its commands, as a first boot does."""
        k3s = replace(self.site.k3s, manifests=dict(texts))
        site = replace(self.site, k3s=k3s, workloads=dict(workloads or {}))
        step = manifests(Target(site=site, name="n1", key=""))
        for file in step.files:
            path = self.root / file.path[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)
        for *shell, line in step.commands:
            there = f"PATH={self.root}/bin:{TOOLS}; {line.replace(' /', f' {self.root}/')}"
            subprocess.run([*shell, there], check=True, timeout=30)

    def start(self, path: str = TOOLS, **more: str) -> int:
        """What k3s's unit does before each start; nothing where it has no part for it."""
        if not (self.root / DROP_IN[1:]).exists():
            return 0
        command = [shutil.which("dash") or "/bin/sh", str(self.root / PROGRAM[1:])]
        environment = {"PATH": path, "EDGEFLEET_PREFIX": str(self.root), **more}
        done = subprocess.run(command, env=environment, check=False, timeout=60, start_new_session=True)
        return done.returncode

    @property
    def applied(self) -> dict[str, str]:
        """dict[name -> text] of what k3s reads there: files with an ending that it knows, none hidden."""
        return {path.stem: path.read_text() for path in self.copies.glob("[!.]*.yaml")}

    @property
    def times(self) -> dict[str, int]:
        """dict[name -> modification time], by which k3s knows that a file differs."""
        return {path.stem: path.stat().st_mtime_ns for path in self.copies.glob("[!.]*.yaml")}


@pytest.fixture
def server(target: Targets, tmp_path: Path) -> Server:
    """The disk of a server that no seed has reached yet."""
    return Server(tmp_path / "node", target("server-static").site)


def test_k3s_finds_the_manifests_at_each_start(server: Server) -> None:
    """For root alone, also on a data disk that is mounted later."""
    server.seed(MENU)
    assert f"ExecStartPre={PROGRAM}\n" in (server.root / DROP_IN[1:]).read_text()
    for _ in range(2):
        assert 0 == server.start()
        assert MENU == server.applied
        assert 0o600 == (server.copies / "menu.yaml").stat().st_mode & 0o777
        shutil.rmtree(server.root / "var")


def test_a_manifest_that_left_becomes_an_empty_file_and_stays_one(server: Server) -> None:
    """k3s removes the objects of an empty file; those of a deleted one it would keep."""
    server.seed({**MENU, "till": TILL["menu"]})
    server.start()
    server.seed(MENU)
    for _ in range(2):
        assert 0 == server.start()
        assert {**MENU, "till": ""} == server.applied
    server.seed({"till": "kind: x\n"})
    server.start()
    assert {"menu": "", "till": "kind: x\n"} == server.applied


def test_a_workload_that_left_becomes_an_empty_file(server: Server) -> None:
    """With what all workloads share, once the last one leaves; the objects of k3s.manifests stay."""
    web = entry(from_plain(Web, {"kind": "web", "image": "registry.example/till:1", "port": 80}))
    server.seed(MENU, {"till": web, "menu": web})
    server.start()
    shown = yaml.safe_load_all(server.applied["workload-till"])
    assert [*objects_of(replace(server.site, workloads={"till": web}))["till"]] == [*shown]
    server.seed(MENU, {"menu": web})
    server.start()
    assert {"workload-till"} == {name for name, text in server.applied.items() if not text}
    server.seed(MENU)
    server.start()
    assert {**dict.fromkeys(("workload-till", "workload-menu", "workload-edgefleet"), ""), **MENU} == (
        server.applied
    )


def test_a_seed_without_manifests_empties_all_and_forgets_the_program(server: Server) -> None:
    """They stay empty, whatever starts k3s; without a copy yet there is nothing to empty."""
    server.seed(MENU)
    server.seed({})
    assert {} == server.applied
    server.seed(MENU)
    server.start()
    for _ in range(2):
        server.seed({})
        assert {"menu": ""} == server.applied
        assert [] == [path for path in (FOLDER, PROGRAM, DROP_IN) if (server.root / path[1:]).exists()]
        server.start()


def test_a_node_that_never_had_manifests_runs_nothing(server: Server) -> None:
    server.seed({})
    assert not server.copies.exists()


def test_another_content_has_another_time_and_the_same_content_the_same(server: Server) -> None:
    """A node's clock may stand still; k3s reads a file again where its time differs from the one it knows."""
    seen = set()
    for texts in (MENU, TILL, {"till": "kind: x\n"}):
        server.seed(texts)
        server.start()
        before = server.times
        server.start()
        assert before == server.times
        seen.add(before["menu"])
        shutil.rmtree(server.root / "etc" / "edgefleet")
    assert len(seen) == 3
    shutil.rmtree(server.root / "var")
    server.seed(MENU)
    server.start()
    assert server.times["menu"] in seen


def test_after_a_power_cut_at_any_step_k3s_reads_whole_files_and_the_next_start_completes_them(
    server: Server, tmp_path: Path
) -> None:
    """One changed, one left, one new."""
    cutting, count, step, is_cut = str(cutter(tmp_path / "cutting")), tmp_path / "count", 0, True
    before, after = {**MENU, "a": "kind: a\n"}, {**TILL, "b": "kind: b\n"}
    whole = {(name, text) for texts in (before, after, {"a": ""}) for name, text in texts.items()}
    while is_cut:
        step += 1
        count.write_text("0")
        shutil.rmtree(server.root / "var", ignore_errors=True)
        server.seed(before)
        server.start()
        server.seed(after)
        more = {"CUT_AT": str(step), "CUT_COUNT": str(count)}
        is_cut = server.start(f"{cutting}:{TOOLS}", **more) != 0
        assert set(server.applied.items()) <= whole
        assert 0 == server.start()
        assert {**after, "a": ""} == server.applied
    assert step > 6


def test_a_name_of_a_manifest_of_a_workload_is_not_for_others(server: Server) -> None:
    """One file would be both."""
    plain = to_plain(server.site)
    plain["k3s"]["manifests"] = {"workload-till": MENU["menu"]}
    with pytest.raises(ValueError, match="workload-till is not a name of a manifest"):
        from_plain(SiteSpec, plain)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(server: Server) -> None:
    server.seed({**MENU, "a": "kind: a\n"})  # of one name it would report that the loop runs once
    command = ["shellcheck", "--shell=sh", str(server.root / PROGRAM[1:])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "" == done.stdout
