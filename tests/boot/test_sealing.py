"""Step `sealing`: the program is run for real, with directories in the place of media."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.boot.conftest import KEY, Targets

from edgefleet.boot import sealing
from edgefleet.images import FORMATS, nocloud
from edgefleet.keys.seed_seal import NAME
from edgefleet.model.firstboot import FirstBoot, Target
from edgefleet.site.first_boot import first_boot

STAND_INS = {
    "blkid": """case "$*" in
  *LABEL=*) cd "$EDGEFLEET_PREFIX/dev" && for device in *; do
    [ "LABEL=$(cat "../labels/$device" 2>/dev/null)" != "$6" ] || echo "$EDGEFLEET_PREFIX/dev/$device"
  done ;;
  *) cat "$EDGEFLEET_PREFIX/types/${7##*/}" ;;
esac""",
    "mount": """[ "$3 $4" = "-o ro,nosuid,nodev,noexec" ] || exit 1
case $2 in iso9660 | vfat) ;; *) exit 1 ;; esac
rmdir "$6" && ln -s "$5" "$6" """,
    "umount": 'rm "$1" && mkdir "$1"',
}
"""dict[program -> its stand-in]; a medium is a directory in ``dev``, mounting is a link to it."""


@dataclass
class Node:
    """A node after its first boot."""

    root: Path

    def insert(
        self, name: str, files: dict[str, bytes], *, label: str = "cidata", kind: str = "iso9660"
    ) -> Path:
        """A medium with `files`."""
        for folder, text in (("labels", label), ("types", kind)):
            (self.root / folder).mkdir(exist_ok=True)
            (self.root / folder / name).write_text(f"{text}\n")
        medium = self.root / "dev" / name
        medium.mkdir(parents=True)
        for path, data in files.items():
            (medium / path).write_bytes(data)
        return medium

    def start(self) -> None:
        """What happens before cloud-init at the next start."""
        shutil.rmtree(self.root / "run", ignore_errors=True)
        environment = {
            "PATH": f"{self.root}/programs:/usr/bin:/bin",
            "EDGEFLEET_PREFIX": str(self.root),
            "EDGEFLEET_PATIENCE": "1",
        }
        program = str(self.root / sealing.PROGRAM[1:])
        subprocess.run([sys.executable, "-I", program], env=environment, check=True, timeout=30)

    @property
    def accepted(self) -> dict[str, bytes]:
        """The files that cloud-init is given; none if it stays off."""
        seed = self.root / "run/edgefleet/seed"
        if not (seed / "accepted").exists():
            return {}
        return {path.name: path.read_bytes() for path in seed.iterdir() if path.name != "accepted"}

    @property
    def problem(self) -> str:
        """The sentence for people, if there is one."""
        path = self.root / "var/lib/edgefleet/problems/seed"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def boot(target: Targets) -> FirstBoot:
    """The first boot of the golden server."""
    return first_boot(target())


@pytest.fixture
def node(boot: FirstBoot, tmp_path: Path) -> Node:
    """That server, after its first boot."""
    root = tmp_path / "root"
    for file in boot.files:
        if file.path in {sealing.KEY, sealing.PROGRAM}:
            path = root / file.path[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
    for path in (root / "programs", root / "dev", root / "var/lib/edgefleet", root / "proc/self"):
        path.mkdir(parents=True)
    (root / "proc/self/mounts").write_text("proc /proc proc rw 0 0\n")
    for name, text in STAND_INS.items():
        (root / "programs" / name).write_text(f"#!/bin/sh\n# a stand-in\n{text}\n")
        (root / "programs" / name).chmod(0o755)
    (root / sealing.MARK[1:]).write_text("")
    return Node(root)


def test_a_sealed_seed_is_handed_to_cloud_init(node: Node, boot: FirstBoot) -> None:
    """As bytes in memory that only root may read, with cloud-init's own search for labels off."""
    seed = nocloud.contents(boot)
    node.insert("sda", seed)
    for _ in range(2):
        node.start()
        assert (seed, "") == (node.accepted, node.problem)
        place = node.root / "run/edgefleet/seed"
        assert {0o100600} == {(place / name).stat().st_mode for name in seed}
        assert Path("/run/edgefleet/seed") == (node.root / "var/lib/cloud/seed/nocloud").readlink()
        assert "fs_label: null" in (node.root / "run/cloud-init/cloud.cfg").read_text()


def hostile(boot: FirstBoot, others: Callable[..., Target]) -> dict[str, dict[str, bytes]]:
    """Seeds that are not this node's."""
    seed = nocloud.contents(boot)
    other = nocloud.contents(first_boot(others("server-and-agent", "cam")))
    site = others("vlan")
    elsewhere = nocloud.contents(first_boot(Target(site=site.site, name=site.name, key="A" * 43 + "=")))
    return {
        "unsealed": {name: data for name, data in seed.items() if name != NAME},
        "another-node": other,
        "another-site": elsewhere,
        "its-seal": {**other, NAME: seed[NAME]},
        "empty-seal": {**seed, NAME: b""},
        "changed": {**seed, "user-data": seed["user-data"] + b"runcmd: [id]\n"},
        "other-network": {**seed, "network-config": other["network-config"]},
        "too-large": {**seed, "user-data": b"#" * (4 * 1024**2 + 1)},
    }


@pytest.mark.parametrize(
    "name",
    [
        *("unsealed", "another-node", "another-site", "its-seal", "empty-seal"),
        *("changed", "other-network", "too-large"),
    ],
)
@pytest.mark.parametrize("label", ["cidata", "CIDATA", "system-boot"])
def test_any_other_seed_changes_nothing(
    node: Node, boot: FirstBoot, target: Targets, name: str, label: str
) -> None:
    """cloud-init stays off, and a person at the console reads why; without the medium all is well again."""
    node.insert("sdb", hostile(boot, target)[name], label=label)
    node.start()
    assert {} == node.accepted
    assert (node.root / "run/cloud-init/disabled").exists()  # for `cloud-init status --wait`
    assert f"The seed on {node.root}/dev/sdb is not sealed for this node" in node.problem
    assert 1 == node.problem.count("\n")
    shutil.rmtree(node.root / "dev/sdb")
    node.start()
    assert ({}, "") == (node.accepted, node.problem)


def test_a_link_or_device_in_a_seed_is_not_read(node: Node, boot: FirstBoot) -> None:
    """Not even to the right bytes, and a pipe does not hold up the start."""
    seed = nocloud.contents(boot)
    for number, name in enumerate(("user-data", NAME)):
        medium = node.insert(f"sd{number}", seed)
        (medium / name).rename(node.root / f"elsewhere-{number}")
        (medium / name).symlink_to(node.root / f"elsewhere-{number}")
    medium = node.insert("sd9", seed)
    (medium / "meta-data").unlink()
    os.mkfifo(medium / "meta-data")
    node.start()
    assert {} == node.accepted
    assert all(f"dev/{name}" in node.problem for name in ("sd0", "sd1", "sd9"))


def test_other_file_systems_are_not_mounted(node: Node, boot: FirstBoot) -> None:
    """A medium reaches two parsers of the kernel, not all of them."""
    node.insert("sda", nocloud.contents(boot), kind="ntfs")
    node.start()
    assert ({}, True) == (node.accepted, "dev/sda" in node.problem)


def test_a_strangers_stick_does_not_hide_the_nodes_own_seed(
    node: Node, boot: FirstBoot, target: Targets
) -> None:
    """A raw image's own partition, or a boot partition of a board."""
    own = nocloud.contents(boot)
    node.insert("mmcblk0p1", own, label="system-boot", kind="vfat")
    node.insert("sda", hostile(boot, target)["another-node"])
    node.start()
    assert (own, True) == (node.accepted, "dev/sda" in node.problem)


@pytest.mark.parametrize("program", ["blkid", "mount"])
def test_a_medium_that_does_not_answer_hides_no_other(node: Node, boot: FirstBoot, program: str) -> None:
    """A broken stick, or one that pretends to be: it is reported, and the node's own seed is applied."""
    own = nocloud.contents(boot)
    node.insert("mmcblk0p1", own, label="system-boot", kind="vfat")
    node.insert("sda", own)
    path = node.root / "programs" / program
    path.write_text(
        path.read_text().replace("# a stand-in", 'case "$*" in *LABEL=*) ;; */dev/sda*) exec sleep 5 ;; esac')
    )
    node.start()
    assert (own, True) == (node.accepted, "dev/sda" in node.problem)


def test_a_boot_partition_is_read_where_it_is_mounted(node: Node, boot: FirstBoot) -> None:
    """The kernel refuses to mount it once more with other options, and the start waits for its own mount."""
    own = nocloud.contents(boot)
    node.insert("mmcblk0p1", {}, label="bootfs", kind="vfat")
    place = node.root / "boot firmware"
    place.mkdir()
    for name, data in own.items():
        (place / name).write_bytes(data)
    mounts = f"{node.root}/dev/mmcblk0p1 {str(place).replace(' ', chr(92) + '040')} vfat rw 0 0\n"
    (node.root / "proc/self/mounts").write_text(mounts)
    node.start()
    assert (own, "") == (node.accepted, node.problem)


def test_a_boot_partition_without_a_seed_is_no_problem(node: Node) -> None:
    """Its label is common, and what runs on it may come from an installer."""
    node.insert("mmcblk0p1", {"config.txt": b"arm_64bit=1\n"}, label="bootfs", kind="vfat")
    node.start()
    assert ({}, "") == (node.accepted, node.problem)


def test_a_seed_that_an_installer_put_there_continues(node: Node, boot: FirstBoot) -> None:
    """After a power cut in the first boot, when no medium is in; one without a seal does not."""
    folder = node.root / "var/lib/cloud/seed/nocloud"
    folder.mkdir(parents=True)
    for name, data in nocloud.contents(boot).items():
        (folder / name).write_bytes(data)
    node.start()
    assert nocloud.contents(boot) == node.accepted
    folder.unlink()
    folder.mkdir()
    (folder / "user-data").write_bytes(b"#cloud-config\n")
    node.start()
    assert {} == node.accepted


@pytest.mark.parametrize("name", ["nocloud", "nocloud-dir", "raw"])
def test_every_seed_that_cloud_init_reads_is_sealed(node: Node, boot: FirstBoot, name: str) -> None:
    """Over its final files; installers and network boots have the files of nocloud."""
    seed = dict(FORMATS[name].seed(boot).files)
    node.insert("sda", seed)
    node.start()
    assert seed == node.accepted


def test_cloud_init_runs_at_the_first_boot_and_for_an_accepted_seed(target: Targets) -> None:
    """Each of its stages, by two conditions of which one holds; the mark is set by the first boot itself."""
    step = sealing.plan(target())
    conditions = {file.path: file.content.decode() for file in step.files if file.path.endswith(".conf")}
    assert 6 == len(conditions)
    for path, text in conditions.items():
        assert path.startswith("/etc/systemd/system/cloud-")
        assert f"ConditionPathExists=|!{sealing.MARK}\n" in text
        assert "ConditionPathExists=|/run/edgefleet/seed/accepted\n" in text
    assert sealing.MARK in step.commands[0]
    (unit,) = step.units
    assert "Before=cloud-init-local.service cloud-init-main.service" in unit.text
    assert "After=local-fs.target\n" in unit.text


def test_the_seals_key_is_known_to_the_scan_for_other_sites_secrets(target: Targets) -> None:
    one = target("server-and-agent")
    keys = [
        file.content.decode().strip()
        for name in one.site.nodes
        for file in sealing.plan(Target(site=one.site, name=name, key=KEY)).files
        if file.is_secret
    ]
    assert keys == [word for _, word in sealing.secrets(one.site, KEY)]
    assert len(one.site.nodes) == len(set(keys))
