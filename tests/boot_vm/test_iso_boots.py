"""`iso` images, made by the command from small installers whose boot records are those of Debian and Ubuntu.

Under BIOS and UEFI, from a CD and from a stick. What they start is a stand-in for an installer, which runs
what a real one runs on a disk that has a system already. Then the node starts from that disk.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.boot_vm.base_disk import ROOT_AT
from tests.boot_vm.base_system import BaseSystem
from tests.boot_vm.installer import made_initrd
from tests.boot_vm.machine import PATIENCE, Booted, boot, drive, run, uefi
from tests.boot_vm.project import ARCHIVE, ASSETS, COMMON, made_project
from tests.boot_vm.running import tool
from tests.images.small_installer import Kind, made_installer, missing

pytestmark = pytest.mark.boot
MIB = 2**20
LONGEST = 300 * PATIENCE
"""Seconds that an installer may run."""
MACS = {"debian": "02:00:5e:10:00:03", "ubuntu": "02:00:5e:10:00:04"}
FLEET = f"""{COMMON}
sites:
  depot-debian:
    image: {{format: iso, installer: debian, base: <debian>}}
    nodes: {{n1: {{network: {{mac: "{MACS["debian"]}", address: 10.1.3.10/24, gateway: 10.1.3.1}}}}}}
  depot-ubuntu:
    image: {{format: iso, installer: ubuntu, base: <ubuntu>}}
    nodes: {{n1: {{network: {{mac: "{MACS["ubuntu"]}", address: 10.1.4.10/24, gateway: 10.1.4.1}}}}}}
"""
ANSWERS = {
    "debian": "/cdrom/edgefleet/installer/preseed.cfg",
    "ubuntu": "/cdrom/edgefleet/installer/user-data",
}
WORDS = {
    "debian": "auto=true priority=critical",
    "ubuntu": "autoinstall ds=nocloud;s=/cdrom/edgefleet/installer/",
}
Installed = Callable[[Kind, str, str], tuple[str, Path]]


@pytest.fixture(scope="module")
def isos(base: BaseSystem, scratch: Path) -> dict[str, Path]:
    """dict[installer -> the image of its node]."""
    if packages := missing():
        pytest.skip(f"needs what installers are made of: apt-get install {' '.join(packages)}")
    initrd = made_initrd(base.initrd, scratch / "initrd")
    kinds: tuple[Kind, Kind] = ("debian", "ubuntu")
    bases: dict[str, Path] = {
        kind: made_installer(scratch / f"{kind}.iso", kind, kernel=base.kernel, initrd=initrd)
        for kind in kinds
    }
    project = made_project(scratch / "project", FLEET, bases)
    project.fetch()
    return {kind: project.built(f"depot-{kind}", "n1", ".iso") for kind in kinds}


@pytest.fixture(scope="module")
def installed(base: BaseSystem, isos: dict[str, Path], scratch: Path) -> Installed:
    """Starts an installer; what the console showed, and the disk that it was to install onto."""
    known: dict[tuple[str, str, str], tuple[str, Path]] = {}

    def once(kind: Kind, firmware: str, medium: str) -> tuple[str, Path]:
        if (kind, firmware, medium) not in known:
            folder = scratch / f"{kind}-{firmware}-{medium}"
            folder.mkdir()
            disk = folder / "disk.img"
            tool("cp", "--sparse=always", base.disk, disk)
            options = (*drive(disk, reads=False), *MEDIA[medium](isos[kind]), "-nic", "none")
            shown = run((*options, *(uefi(folder) if firmware == "uefi" else ())), longest=LONGEST)
            known[kind, firmware, medium] = shown, disk
        return known[kind, firmware, medium]

    return once


def as_cd(image: Path) -> list[str]:
    """Options for a CD."""
    back = f"file={image},if=none,id=cd,format=raw,media=cdrom,readonly=on"
    return ["-device", "virtio-scsi-pci", "-drive", back, "-device", "scsi-cd,drive=cd,bootindex=1"]


def as_stick(image: Path) -> list[str]:
    """Options for a disk."""
    return drive(image, boots=True)


MEDIA = {"cd": as_cd, "stick": as_stick}


@pytest.mark.parametrize(
    ("kind", "firmware", "medium"),
    [
        ("debian", "bios", "cd"),
        ("debian", "uefi", "stick"),
        ("ubuntu", "bios", "stick"),
        ("ubuntu", "uefi", "cd"),
    ],
)
def test_an_installer_starts_and_finds_all_that_it_is_given(
    installed: Installed, kind: Kind, firmware: str, medium: str
) -> None:
    """Words for the kernel, answers, payload, the one disk, and what is run at the end; it asks nothing."""
    shown, _ = installed(kind, firmware, medium)
    assert WORDS[kind] in shown.replace('"', "")
    device = {"cd": "/dev/sr0", "stick": "/dev/vdb"}[medium]
    assert f"installer stand-in: started by {firmware.upper()}, from {device}\n" in shown
    assert f"lines of answers in {ANSWERS[kind]}\n" in shown
    assert f"installer stand-in: has the payload: bin/k3s: OK images/{ARCHIVE}: OK" in shown
    assert "installer stand-in: would install onto /dev/vda\n" in shown
    assert "installer stand-in: runs at its end: sh /cdrom/edgefleet/installer/finish\n" in shown
    assert "edgefleet: the seed is in place\n" in shown
    assert "stand-in: failed" not in shown


@pytest.fixture(scope="module")
def booted(installed: Installed, scratch: Path) -> Booted:
    """The node with Debian, started from its disk once its medium is out."""
    _, disk = installed("debian", "bios", "cd")
    (seen := scratch / "seen").mkdir()
    network = ("-nic", f"user,restrict=on,ipv6=off,model=virtio-net-pci,mac={MACS['debian']}")
    return boot((*drive(disk, reads=False), *network), f"{disk}?offset={ROOT_AT * MIB}", seen)


def test_the_node_becomes_what_it_shall_be_without_its_medium(booted: Booted) -> None:
    """Its seed and its payload are on its own disk."""
    facts = booted.facts
    assert ("depot-debian-n1", []) == (facts["hostname"], facts["failed"])
    assert [] == facts["cloud-init"]["v1"]["errors"]
    assert facts["settled"], facts["status"]
    assert "k3s stand-in: started as server" in booted.console
    assert ASSETS["k3s"] == booted.files["/usr/local/bin/k3s"].content
    link = booted.files[f"/var/lib/rancher/k3s/agent/images/{ARCHIVE}"]
    assert [ARCHIVE] == facts["k3s"]["images"], link
    assert ["This is n1 of depot-debian, retail in dev."] == facts["status"].splitlines()[:1]
    assert 2 == len(facts["status"].splitlines()), facts["status"]


def test_no_copy_of_the_seed_is_left(booted: Booted) -> None:
    """The one that the installer brought is removed once it was used, as cloud-init's own are."""
    token = str(booted.facts["k3s"]["config"]["token"]).encode()
    assert ["/etc/rancher/k3s/config.yaml"] == [
        path
        for path, entry in booted.files.items()
        if token in entry.content and not path.startswith("/var/lib/edgefleet/configurations/")
    ]
