"""Packages and system extensions: the script itself, with stand-ins for apt, curl and systemd."""

import hashlib
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import packages
from edgefleet.model.firstboot import FirstBoot, Target
from edgefleet.model.updates import Extension, OsUpdates, Packages, Repository

STAND_INS = {
    "apt-get": 'echo "apt $*" >>"$EDGEFLEET_PREFIX/told"; '
    'case "$*" in *update) test -e "$EDGEFLEET_PREFIX/link" ;; esac',
    "dpkg": "exit 0",
    "curl": 'while [ "$1" != --output ]; do shift; done; cp "$EDGEFLEET_PREFIX/web" "$2"',
    "systemctl": 'echo "systemctl $*" >>"$EDGEFLEET_PREFIX/told"',
    "systemd-sysext": 'echo "sysext $*" >>"$EDGEFLEET_PREFIX/told"',
    "sleep": "exit 0",
}
BYTES = b"an extension"
DIGEST = hashlib.sha256(BYTES).hexdigest()
PLACED = "var/lib/extensions/nvidia.raw"


class Node:
    """The root directory of a node, on which the script runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "bin").mkdir()
        (root / "web").write_bytes(BYTES)
        for name, text in STAND_INS.items():
            (root / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
            (root / "bin" / name).chmod(0o755)

    def run(self, target: Target, *arguments: str) -> tuple[int, list[str]]:
        """(exit code, what ran)."""
        (script,) = (file for file in packages.plan(target).files if file.path == packages.SCRIPT)
        (self.root / "told").write_text("")
        environment = {
            "EDGEFLEET_PREFIX": str(self.root),
            "EDGEFLEET_ATTEMPTS": "1",
            "PATH": f"{self.root}/bin:/usr/bin:/bin",
        }
        done = subprocess.run(
            ["sh", "-c", script.content.decode(), "packages", *arguments],
            env=environment,
            check=False,
            timeout=60,
            capture_output=True,
        )
        options = r" --quiet --yes| --option \S+"
        told = re.sub(options, "", (self.root / "told").read_text()).splitlines()
        return done.returncode, told

    @property
    def problem(self) -> str:
        """What the node reports."""
        file = self.root / "var/lib/edgefleet/problems/packages"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A node without a link."""
    return Node(tmp_path)


def wanting(target: Targets, **wanted: Any) -> Target:
    """The golden node with what it wants, and nothing else."""
    site = target().site
    return Target(site=replace(site, nodes={"n1": replace(site.nodes["n1"], **wanted)}), name="n1", key="")


def test_packages_are_installed_once_there_is_a_link(target: Targets, node: Node) -> None:
    """Until then the node reports it, and k3s goes on; once they are there, no program runs again."""
    wanted = wanting(target, packages=Packages(install=("nfs-common", "open-iscsi"), upgrade=True))
    assert (1, ["apt update"]) == node.run(wanted)
    assert "nfs-common open-iscsi will be installed" in node.problem
    (node.root / "link").touch()
    restart = "systemctl try-restart --no-block k3s.service"
    install = ["apt update", "apt --with-new-pkgs upgrade", "apt install nfs-common open-iscsi"]
    assert (0, [*install, restart]) == node.run(wanted)
    assert "" == node.problem
    assert (0, []) == node.run(wanted)


def test_the_first_k3s_waits_and_no_later_one(target: Targets, node: Node) -> None:
    """As a drop-in of its installer; one that is there is needed at once."""
    wanted = wanting(target, packages=Packages(install=("nfs-common",)))
    (drop_in,) = (file for file in packages.plan(wanted).files if file.path.endswith("packages.conf"))
    assert "edgefleet-k3s-install.service.d" in drop_in.path
    (node.root / "usr/local/bin").mkdir(parents=True)
    (node.root / "usr/local/bin/k3s").touch(mode=0o755)
    assert (0, []) == node.run(wanted, "wait")


def test_extensions_are_verified_before_they_are_used(target: Targets, node: Node) -> None:
    """Others are deleted, and one that is no longer listed is removed."""
    wanted = wanting(
        target, extensions={"nvidia": Extension(source="https://a.example/n.raw", sha256=DIGEST)}
    )
    (node.root / "web").write_bytes(b"something else")
    assert 1 == node.run(wanted)[0]
    assert "does not have the digest" in node.problem
    assert [] == [*(node.root / "var/lib/extensions").iterdir()]
    (node.root / "web").write_bytes(BYTES)
    code, told = node.run(wanted)
    assert (0, BYTES) == (code, (node.root / PLACED).read_bytes())
    assert "sysext refresh" in told
    assert 0 == node.run(wanted, "undo")[0]
    assert not (node.root / PLACED).exists()


def test_an_air_gapped_node_takes_them_from_its_payload(target: Targets, node: Node) -> None:
    """And downloads none."""
    extension = Extension(source="https://a.example/n.raw", sha256=DIGEST)
    wanted = wanting(target, extensions={"nvidia": extension})
    wanted = replace(wanted, site=replace(wanted.site, airgap=True))
    assert 1 == node.run(wanted)[0]
    assert "attach its payload" in node.problem
    (node.root / "var/lib/extensions").mkdir(parents=True, exist_ok=True)
    (node.root / PLACED).write_bytes(BYTES)
    assert 0 == node.run(wanted)[0]


def test_apt_trusts_a_repository_by_its_own_key_alone(boot: FirstBoot, node: Node, target: Targets) -> None:
    """One that is no longer listed is removed with its key."""
    files = {file.path: file.content.decode() for file in boot.files}
    sources = files["/etc/apt/sources.list.d/edgefleet-docker.sources"]
    key = "/etc/apt/keyrings/edgefleet-docker.asc"
    assert {"Suites: bookworm", "Components: stable", f"Signed-By: {key}"} <= {*sources.splitlines()}
    assert files[key].startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    for name in ("docker", "old"):
        for path in (
            f"etc/apt/sources.list.d/edgefleet-{name}.sources",
            f"etc/apt/keyrings/edgefleet-{name}.asc",
        ):
            (node.root / path).parent.mkdir(parents=True, exist_ok=True)
            (node.root / path).touch()
    (node.root / "link").touch()
    node.run(target("additions"))
    left = {file.stem for file in (node.root / "etc/apt").rglob("edgefleet-*")}
    assert {"edgefleet-docker"} == left


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs apt")
def test_apt_reads_a_repository(boot: FirstBoot, tmp_path: Path) -> None:
    """Address, suite and components; a path has no components."""
    flat = Repository(source="https://a.example/flat", suite="./", key="key\n")
    files = [file for file in boot.files if file.path.endswith("docker.sources")]
    files += [file for file in packages._repository("flat", flat) if file.path.endswith(".sources")]
    for file in files:
        (tmp_path / Path(file.path).name).write_bytes(file.content)
    options = ("-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={tmp_path}")
    read = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--no-release-info",
            *options,
            "--format",
            "$(SITE) $(RELEASE) $(COMPONENT)",
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    known = {"https://download.docker.com/linux/debian bookworm stable", "https://a.example/flat ./"}
    assert known == {line.removesuffix(" $(COMPONENT)").strip() for line in read.stdout.splitlines()}


def test_updates_bring_their_program_to_debian_alone(target: Targets, node: Node) -> None:
    """Flatcar and Fedora CoreOS have one."""
    wanted = wanting(target, os_updates=OsUpdates())
    (node.root / "link").touch()
    assert "apt install unattended-upgrades" in node.run(wanted)[1]
    assert packages.plan(wanting(target, os_updates=OsUpdates(enabled=False))).files == ()


@pytest.mark.parametrize(
    ("others", "restarts"),
    [(Packages(), []), (Packages(install=("jq",)), ["systemctl try-restart --no-block k3s.service"])],
)
def test_no_runtime_waits_for_what_updates_the_base_system(
    target: Targets, node: Node, others: Packages, restarts: list[str]
) -> None:
    """Nor is it restarted by it: it is of no use to a runtime."""
    wanted = wanting(target, packages=others, os_updates=OsUpdates())
    (node.root / "link").touch()
    code, told = node.run(wanted)
    assert (0, restarts) == (code, [line for line in told if "try-restart" in line])
    assert bool(restarts) == any(file.path.endswith("packages.conf") for file in packages.plan(wanted).files)
