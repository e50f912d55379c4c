"""What runs in an installer: both programs of format ``iso``, run for real in a folder instead of `/`."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.images.test_iso import installed

from edgefleet.images import iso

SEEDS = {"user-data", "meta-data", "network-config", "edgefleet-seal", "first-boot.sh"}
MB500 = 976_562_500
"""Sectors of a disk of 500 GB."""


def program(name: str, at: Path, **how: object) -> Path:
    """A program of the medium, as it is there."""
    at.write_bytes(iso.seed(installed(**how)).files[name])  # type: ignore[arg-type]  # a test names what differs
    return at


class Machine:
    """A folder with what a kernel says of its disks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "proc").mkdir()
        (root / "proc" / "mounts").write_text("proc /proc proc rw 0 0\n")
        (root / "dev").mkdir()
        (root / "sys" / "class" / "block").mkdir(parents=True)
        (root / "sys" / "block").mkdir()

    def disk(self, name: str, *, on: str = "pci0000:00/ata1", part: str = "", **said: object) -> None:
        """A disk that is found there, perhaps with a partition."""
        place = self.root / "sys" / "devices" / on / name
        (place / "device").mkdir(parents=True)
        for key, value in {
            "size": MB500,
            "ro": 0,
            "removable": 0,
            "device/model": "ACME 500  ",
            **said,
        }.items():
            (place / key).write_text(f"{value}\n")
        (self.root / "sys" / "block" / name).symlink_to(place)
        (self.root / "sys" / "class" / "block" / name).symlink_to(place)
        (self.root / "dev" / name).touch()
        if part:
            (place / part).mkdir()
            (place / part / "partition").write_text("1\n")
            (self.root / "sys" / "class" / "block" / part).symlink_to(place / part)
            (self.root / "dev" / part).touch()

    def medium(self, device: str) -> None:
        """What the installer came from."""
        (self.root / "proc" / "mounts").write_text(
            f"proc /proc proc rw 0 0\n/dev/{device} /cdrom iso9660 ro 0 0\n"
        )

    def choose(self, *arguments: str, **how: object) -> tuple[int, str]:
        """(status, what it says) of choose-disk."""
        script = program("choose-disk", self.root / "choose-disk", **how)
        around = {
            "EDGEFLEET_PREFIX": str(self.root),
            "EDGEFLEET_WAIT_SECONDS": "0",
            "EDGEFLEET_STOP_ONCE": "yes",
        }
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", script, *arguments],
            env={"PATH": path, **around},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).strip()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A node without disks."""
    return Machine(tmp_path)


def test_the_only_built_in_disk_is_taken(machine: Machine) -> None:
    """Not the medium, no stick, no card reader, nothing without a medium or that cannot be written."""
    machine.disk("nvme0n1", on="pci0000:00/nvme/nvme0")
    machine.disk("sda", on="pci0000:00/usb2/2-1")
    machine.disk("sdb", part="sdb1")
    machine.disk("sdc", removable=1)
    machine.disk("sdd", size=0)
    machine.disk("sde", ro=1)
    for name in ("loop0", "sr0", "zram0", "mmcblk0boot0"):
        machine.disk(name)
    machine.medium("sdb1")
    assert (0, "/dev/nvme0n1") == machine.choose()


def test_among_several_disks_nothing_is_chosen(machine: Machine) -> None:
    """It says which there are and what to do, and no installer gets an answer file."""
    machine.disk("sda")
    machine.disk("sdb", size=2 * MB500, **{"device/model": "OTHER"})
    status, said = machine.choose("debian")
    assert 1 == status
    assert "several disks: /dev/sda (500 GB, ACME 500), /dev/sdb (1000 GB, OTHER)" in said
    assert "image.installOn in the fleet file" in said
    assert "Nothing was written to any disk" in (machine.root / "dev" / "tty1").read_text()


def test_a_node_without_a_disk_says_so(machine: Machine) -> None:
    """The medium is none."""
    machine.disk("sda")
    machine.medium("sda")
    assert (1, "edgefleet: This node has no built-in disk that can be written.") == machine.choose()


def test_the_disk_that_is_named_is_taken(machine: Machine) -> None:
    """By a name that stays, among others; a stick, too, as somebody asked for it."""
    machine.disk("sda")
    machine.disk("sdb", on="pci0000:00/usb2/2-1")
    by_id = machine.root / "dev" / "disk" / "by-id"
    by_id.mkdir(parents=True)
    (by_id / "usb-ACME").symlink_to(machine.root / "dev" / "sdb")
    assert (0, "/dev/sdb") == machine.choose(disk="/dev/disk/by-id/usb-ACME")
    assert (0, "/dev/sda") == machine.choose(disk="/dev/sda")


def test_a_named_disk_that_cannot_be_it_is_refused(machine: Machine) -> None:
    """One that is not there, a part of one, and the medium itself."""
    machine.disk("sda", part="sda1")
    machine.disk("sdb", part="sdb1")
    machine.medium("sdb1")
    assert (
        "/dev/nvme0n1, which image.installOn names, is not in this node. It has: /dev/sda"
        in (machine.choose(disk="/dev/nvme0n1")[1])
    )
    assert "is a partition, not a disk" in machine.choose(disk="/dev/sda1")[1]
    assert "is the installer's own medium" in machine.choose(disk="/dev/sdb")[1]


def test_the_disk_for_what_changes_is_never_erased(machine: Machine) -> None:
    """It does not count, and cannot be named; a partition of it keeps all of it."""
    machine.disk("sda", part="sda1")
    machine.disk("sdb")
    by_id = machine.root / "dev" / "disk" / "by-id"
    by_id.mkdir(parents=True)
    (by_id / "ata-DATA-part1").symlink_to(machine.root / "dev" / "sda1")
    kept = "/dev/disk/by-id/ata-DATA-part1"
    assert (0, "/dev/sdb") == machine.choose(kept=kept)
    assert "is the disk that hardware.dataDisk keeps" in machine.choose(kept=kept, disk="/dev/sda")[1]
    assert (0, "/dev/sda") == machine.choose(kept="/dev/disk/by-id/none", disk="/dev/sda")
    assert (
        "which hardware.dataDisk keeps, is not in this node" in machine.choose(kept="/dev/disk/by-id/none")[1]
    )


def test_debians_installer_gets_the_disk(machine: Machine) -> None:
    """The disk, the boot loader's place, and partitions for the firmware that it was started by."""
    machine.disk("sda")
    (machine.root / "bin").mkdir()
    stand_in = machine.root / "bin" / "debconf-set"
    stand_in.write_text(f'#!/bin/sh\n# a stand-in\necho "$1=$2" >>{machine.root}/asked\n')
    stand_in.chmod(0o755)
    assert 0 == machine.choose("debian")[0]
    bios = (machine.root / "asked").read_text().splitlines()
    assert ["partman-auto/disk=/dev/sda", "grub-installer/bootdev=/dev/sda"] == bios[:2]
    assert "method{ biosgrub }" in bios[2]
    assert "$iflabel{ gpt }" in bios[2]
    assert "mountpoint{ / } ." in bios[2]
    (machine.root / "sys" / "firmware" / "efi").mkdir(parents=True)
    machine.choose("debian")
    assert "method{ efi }" in (machine.root / "asked").read_text().splitlines()[-1]


def test_ubuntus_installer_gets_the_disk(machine: Machine) -> None:
    """In its own copy of the answers, in the place of a name that no disk has."""
    machine.disk("sda")
    answers = machine.root / "autoinstall.yaml"
    answers.write_bytes(iso.seed(installed("ubuntu")).files["autoinstall.yaml"])
    assert (0, "") == machine.choose("ubuntu")
    assert "path: /dev/sda\n" in answers.read_text()
    assert "edgefleet-disk" not in answers.read_text()


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    """What lies on the medium."""
    seed = tmp_path / "cdrom" / "edgefleet" / "seed"
    programs = tmp_path / "cdrom" / "edgefleet" / "installer"
    seed.mkdir(parents=True)
    programs.mkdir()
    for name, data in iso.seed(installed()).files.items():
        (seed if name in SEEDS else programs).joinpath(name).write_bytes(data)
    return tmp_path / "cdrom"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A system as an installer leaves it."""
    root = tmp_path / "target"
    for path, text in {
        "usr/bin/cloud-init": "",
        "etc/os-release": "ID=debian\nVERSION_CODENAME=bookworm\n",
        "etc/apt/sources.list": "deb cdrom:[Debian 12]/ bookworm main\n",
        "etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\n",
        "etc/netplan/00-installer-config.yaml": "network: {}\n",
        "etc/cloud/cloud.cfg.d/90_dpkg.cfg": "datasource_list: [NoCloud, None]\n",
        "etc/cloud/cloud.cfg.d/99-installer.cfg": "datasource_list: [None]\n",
        "etc/cloud/cloud.cfg.d/subiquity-disable-cloudinit-networking.cfg": "network: {config: disabled}\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "usr/bin/cloud-init").chmod(0o755)
    return root


def finish(
    medium: Path, target: Path, *, places: str = "", **how: object
) -> subprocess.CompletedProcess[str]:
    """Run the program at the end of an installation."""
    script = program("finish", medium / "finish", **how)
    around = {
        "PATH": places + os.environ["PATH"],
        "EDGEFLEET_MEDIUM": str(medium),
        "EDGEFLEET_TARGET": str(target),
    }
    return subprocess.run(["sh", script], env=around, capture_output=True, text=True, check=False, umask=0)


def test_the_seed_is_where_cloud_init_looks_for_it(medium: Path, target: Path) -> None:
    """For root alone, whole, and marked as what may be wiped."""
    done = finish(medium, target)
    assert 0 == done.returncode, done.stderr
    seed = target / "var" / "lib" / "cloud" / "seed" / "nocloud"
    assert 0o700 == seed.stat().st_mode & 0o777
    for name in ("user-data", "meta-data", "network-config", "edgefleet-seal"):
        assert (medium / "edgefleet" / "seed" / name).read_bytes() == (seed / name).read_bytes()
        assert 0o600 == (seed / name).stat().st_mode & 0o777
    assert (seed / "edgefleet").is_file()


def test_debians_installer_brings_what_a_first_boot_needs(medium: Path, target: Path, tmp_path: Path) -> None:
    """Each by itself: a medium that lacks one has the others; which are missing is reported."""
    stand_in = tmp_path / "bin" / "apt-install"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\n# a stand-in\necho "$1" >>{tmp_path}/asked\n[ "$1" != curl ]\n')
    stand_in.chmod(0o755)
    done = finish(medium, target, places=f"{stand_in.parent}:")
    assert 0 == done.returncode, done.stderr
    asked = (tmp_path / "asked").read_text().split()
    assert {"cloud-init", "openssh-server", "sudo", "nftables", "systemd-timesyncd", "wget"} <= set(asked)
    assert "edgefleet: the medium has no curl\n" == done.stderr


def test_the_installers_own_network_and_users_are_gone(medium: Path, target: Path) -> None:
    """So that the seed's hold; what the packages themselves brought stays."""
    finish(medium, target)
    assert [] == list((target / "etc" / "netplan").iterdir())
    assert ["90_dpkg.cfg"] == [each.name for each in (target / "etc" / "cloud" / "cloud.cfg.d").iterdir()]
    assert "eth0" not in (target / "etc" / "network" / "interfaces").read_text()
    assert "source /etc/network/interfaces.d/*" in (target / "etc" / "network" / "interfaces").read_text()


def test_what_the_medium_carries_comes_along(medium: Path, target: Path) -> None:
    """Where the first boot looks for it; done twice it is the same."""
    payload = medium / "edgefleet" / "payload"
    (payload / "bin").mkdir(parents=True)
    (payload / "bin" / "k3s").write_bytes(b"a binary\n")
    (payload / "SHA256SUMS").write_text("")
    for _ in range(2):
        assert 0 == finish(medium, target, is_airgapped=True).returncode
    there = target / "var" / "lib" / "edgefleet" / "medium"
    assert b"a binary\n" == (there / "bin" / "k3s").read_bytes()
    assert ["medium"] == [each.name for each in there.parent.iterdir()]


def test_a_node_with_a_link_knows_where_updates_are(medium: Path, target: Path) -> None:
    """One without has no sources that it could not reach."""
    finish(medium, target, is_airgapped=True)
    place = target / "etc" / "apt" / "sources.list.d" / "debian.sources"
    assert not place.exists()
    finish(medium, target)
    assert "Suites: bookworm bookworm-updates\n" in place.read_text()
    assert "URIs: http://deb.debian.org/debian-security\nSuites: bookworm-security\n" in place.read_text()
    assert (target / "etc" / "apt" / "sources.list").read_text().startswith("# deb cdrom:")


def test_a_system_without_cloud_init_has_the_script(medium: Path, target: Path) -> None:
    """Run at its first start; for root alone, as it holds the same secrets."""
    (target / "usr" / "bin" / "cloud-init").unlink()
    done = finish(medium, target)
    assert 0 == done.returncode, done.stderr
    script = target / "var" / "lib" / "edgefleet" / "first-boot.sh"
    assert (medium / "edgefleet" / "seed" / "first-boot.sh").read_bytes() == script.read_bytes()
    assert 0o600 == script.stat().st_mode & 0o777
    units = target / "etc" / "systemd" / "system"
    assert (
        f"ExecStart=/bin/sh /{script.relative_to(target)}\n"
        in (units / "multi-user.target.wants" / "edgefleet-installed.service").read_text()
    )
    assert not (target / "var" / "lib" / "cloud").exists()


def test_a_system_that_can_be_made_nothing_of_is_not_left_as_if_it_were(medium: Path, target: Path) -> None:
    """The installer stops with a sentence."""
    (target / "usr" / "bin" / "cloud-init").unlink()
    (medium / "edgefleet" / "seed" / "first-boot.sh").unlink()
    done = finish(medium, target)
    assert 1 == done.returncode
    assert "no cloud-init: use another base" in done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
@pytest.mark.parametrize("name", ["choose-disk", "finish"])
def test_a_shell_that_is_no_bash_takes_them(name: str, tmp_path: Path) -> None:
    """In the installers it is busybox's, and dash."""
    script = program(name, tmp_path / name)
    done = subprocess.run(
        ["shellcheck", "-s", "sh", "-e", "SC2016", script], capture_output=True, text=True, check=False
    )
    assert "" == done.stdout
