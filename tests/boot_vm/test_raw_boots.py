"""A `raw` image, made by the command from a base disk: it starts by itself, under BIOS, then under UEFI.

An air-gapped kiosk on eMMC, with a data disk, a watchdog and a login at its console. The medium is larger
than the image, as media are. Both starts are of one and the same medium.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.boot_vm.base_system import BaseSystem
from tests.boot_vm.ext4 import Entry, read_tree
from tests.boot_vm.machine import Booted, Talk, boot, drive, uefi
from tests.boot_vm.project import ARCHIVE, ASSETS, COMMON, Project, made_project
from tests.boot_vm.running import tool

pytestmark = pytest.mark.boot
MAC = "02:00:5e:10:00:02"
NETWORK = ("-nic", f"user,restrict=on,ipv6=off,model=virtio-net-pci,mac={MAC}")
MEDIUM, DATA = "3G", "256M"
ROOT_TYPE = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
K3S = "/k3s"
"""Its folder on the data disk."""
SECTOR = 512
FLEET = f"""{COMMON}
sites:
  kiosk-7:
    breakGlass: {{console: true}}
    hardware: {{watchdog: 3min, dataDisk: {{device: /dev/disk/by-id/virtio-data}}}}
    image: {{format: raw, base: <disk>}}
    nodes: {{n1: {{hostname: kiosk-7, network: {{mac: "{MAC}", address: 10.1.2.10/24, gateway: 10.1.2.1}}}}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawNode:
    """Its media, and how it was made."""

    project: Project
    image: Path
    disk: Path
    data: Path
    scratch: Path

    def start(self, name: str, *options: str, talk: Talk = ()) -> tuple[Booted, dict[str, Entry]]:
        """Start it once; what it became, and what is on its data disk."""
        for part in ("root", "data"):
            (self.scratch / name / part).mkdir(parents=True)
        media = (*drive(self.disk, reads=False, boots=True), *drive(self.data, reads=False, serial="data"))
        where = f"{self.disk}?offset={root_at(self.disk)[0] * SECTOR}"
        booted = boot((*media, *NETWORK, *options), where, self.scratch / name / "root", talk=talk)
        return booted, read_tree(str(self.data), (K3S,), self.scratch / name / "data")


def root_at(disk: Path) -> tuple[int, int]:
    """(first sector, sectors) of the root."""
    parts = json.loads(tool("sfdisk", "--json", disk))["partitiontable"]["partitions"]
    (root,) = [each for each in parts if each["type"] == ROOT_TYPE]
    return root["start"], root["size"]


@pytest.fixture(scope="module")
def raw_node(base: BaseSystem, scratch: Path) -> RawNode:
    """A kiosk whose medium was written and whose data disk is blank."""
    project = made_project(scratch / "project", FLEET, {"disk": base.disk})
    project.fetch()
    image = project.built("kiosk-7", "n1", ".raw")
    disk, data = scratch / "disk.img", scratch / "data.img"
    tool("cp", "--sparse=always", image, disk)
    tool("truncate", f"--size={MEDIUM}", disk)
    tool("truncate", f"--size={DATA}", data)
    return RawNode(project=project, image=image, disk=disk, data=data, scratch=scratch / "seen")


@pytest.fixture(scope="module")
def bios(raw_node: RawNode) -> tuple[Booted, dict[str, Entry]]:
    """The first start, under SeaBIOS."""
    return raw_node.start("bios")


@pytest.fixture(scope="module")
def under_uefi(raw_node: RawNode, bios: tuple[Booted, dict[str, Entry]]) -> tuple[Booted, dict[str, Entry]]:  # noqa: ARG001 - it comes before
    """The second, under OVMF, at which a person logs in at the console, by the password of the site."""
    password = raw_node.project.run("sites", "password", "-s", "dev", "--target", "kiosk-7").split()[-1]
    sign = raw_node.scratch / "visitor.img"
    sign.write_bytes(bytes(2**20))
    talk = (
        ("kiosk-7 login: ", "rescue\n"),
        ("Password: ", f"{password}\n"),
        ("rescue@kiosk-7:~$ ", "echo I am $(id -un); edgefleet-status; touch ~/visited; exit\n"),
    )
    return raw_node.start("uefi", *uefi(raw_node.scratch), *drive(sign, serial="visitor"), talk=talk)


def test_it_starts_by_itself_and_is_well(bios: tuple[Booted, dict[str, Entry]]) -> None:
    """From its own boot loader to a k3s that answers, with the seed in a partition of its own."""
    booted, _ = bios
    assert "boot loader of a boot test" in booted.console
    assert not booted.facts["uefi"]
    assert ("kiosk-7", []) == (booted.facts["hostname"], booted.facts["failed"])
    assert [] == booted.facts["cloud-init"]["v1"]["errors"]
    assert booted.facts["cloud-init"]["v1"]["datasource"].startswith("DataSourceNoCloud [seed=/dev/vda")
    assert booted.facts["settled"], booted.facts["status"]
    assert "k3s stand-in: started as server" in booted.console


def test_the_payload_comes_from_its_partition(bios: tuple[Booted, dict[str, Entry]]) -> None:
    """Programs are copied and verified; archives are links, as the partition is always there."""
    booted, data = bios
    assert "/run/edgefleet/own-payload squashfs" in mounts(booted)
    k3s = booted.files["/usr/local/bin/k3s"]
    assert (ASSETS["k3s"], 0o755) == (k3s.content, k3s.mode)
    link = data[f"{K3S}/agent/images/{ARCHIVE}"]
    assert ("symlink", f"/run/edgefleet/own-payload/images/{ARCHIVE}") == (link.kind, link.content.decode())
    assert [ARCHIVE] == booted.facts["k3s"]["images"]


def test_the_data_disk_has_what_changes(bios: tuple[Booted, dict[str, Entry]]) -> None:
    """It was blank, and is mounted where k3s writes; nothing is left below on the system's own."""
    booted, data = bios
    assert "/var/lib/rancher ext4" in mounts(booted)
    assert f"{K3S}/server/cred/admin.kubeconfig" in data
    assert [] == [path for path in booted.files if path.startswith("/var/lib/rancher/")]


def test_the_root_has_all_of_the_medium(raw_node: RawNode, bios: tuple[Booted, dict[str, Entry]]) -> None:
    """It is the last partition, and grown at the first start; the image itself is much smaller."""
    assert bios[0].facts["settled"]
    start, sectors = root_at(raw_node.disk)
    assert root_at(raw_node.image)[0] == start
    assert raw_node.disk.stat().st_size - 2**21 < (start + sectors) * SECTOR


def test_its_hardware_is_looked_after(bios: tuple[Booted, dict[str, Entry]]) -> None:
    """The watchdog is served by systemd, and reading writes nothing; the journal is in memory."""
    booted, _ = bios
    assert "3min" == booted.facts["watchdog"]
    assert "Using hardware watchdog 'Software Watchdog'" in booted.journal
    assert "noatime" in mounts(booted)["/ ext4"]
    assert booted.files
    assert not any(path.startswith("/var/log/journal/") for path in booted.files)


def test_it_starts_again_under_uefi(
    bios: tuple[Booted, dict[str, Entry]], under_uefi: tuple[Booted, dict[str, Entry]]
) -> None:
    """With its data disk in place before k3s starts, and nothing done twice."""
    (first, before), (second, after) = bios, under_uefi
    assert second.facts["uefi"]
    assert second.facts["settled"], second.facts["status"]
    assert [] == second.facts["failed"]
    assert first.facts["k3s"] == second.facts["k3s"]
    assert "/var/lib/rancher ext4" in mounts(second)
    assert before == after
    for path in ("/usr/local/bin/k3s", "/etc/rancher/k3s/config.yaml", "/var/lib/edgefleet/payload/verified"):
        assert first.files[path] == second.files[path]


def test_a_person_logs_in_at_the_console(under_uefi: tuple[Booted, dict[str, Entry]]) -> None:
    """By the password that is derived for the site, without a network, and reads how the node is."""
    booted, _ = under_uefi
    assert "I am rescue" in booted.console
    assert "This is n1 of kiosk-7, retail in dev.\n" in booted.console
    assert "healthy since" in booted.console


def mounts(booted: Booted) -> dict[str, str]:
    """dict["<path> <kind of file system>" -> options]."""
    lines = (line.split() for line in booted.facts["mounts"])
    return {f"{line[0]} {line[2]}": line[3] for line in lines if len(line) == 4}
