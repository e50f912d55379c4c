"""An `iso` on a system without cloud-init, as Debian's small installers leave it: the script does its work.

The base's Debian has cloud-init, so that it is taken off the disk before the stand-in for an installer runs.
"""

from pathlib import Path

import pytest
from tests.boot_vm.base_disk import ROOT_AT
from tests.boot_vm.base_system import BaseSystem
from tests.boot_vm.installer import made_initrd
from tests.boot_vm.machine import Booted, boot, drive, run
from tests.boot_vm.project import ARCHIVE, ASSETS, COMMON, made_project
from tests.boot_vm.running import tool
from tests.boot_vm.test_iso_boots import MIB, as_cd
from tests.images.small_installer import made_installer, missing

pytestmark = pytest.mark.boot
MAC = "02:00:5e:10:00:05"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAdWTir664y2SylPXTmezFVyd60QnEiB1WNSzvoIs2Ot x"
FLEET = f"""{COMMON}
sites:
  depot:
    image: {{format: iso, installer: debian, base: <debian>}}
    timezone: Europe/Berlin
    users: {{ops: {{sshKeys: ["{KEY}"]}}}}
    nodes: {{n1: {{network: {{mac: "{MAC}", address: 10.1.5.10/24, gateway: 10.1.5.1, dns: [10.1.5.1]}}}}}}
"""
HOME = "home/ops"
PROGRAM = "/usr/bin/cloud-init"
GENERATOR = "/usr/lib/systemd/system-generators/cloud-init-generator"
NOTHING = "#!/bin/sh\n# in the place of cloud-init, which the onlooker asks\n"


@pytest.fixture(scope="module")
def booted(base: BaseSystem, scratch: Path) -> Booted:
    """Installed from the medium, then started from its disk."""
    if packages := missing():
        pytest.skip(f"needs what installers are made of: apt-get install {' '.join(packages)}")
    initrd = made_initrd(base.initrd, scratch / "initrd")
    bases = {"debian": made_installer(scratch / "debian.iso", kernel=base.kernel, initrd=initrd)}
    project = made_project(scratch / "project", FLEET, bases)
    project.fetch()
    iso, disk, seen = project.built("depot", "n1", ".iso"), scratch / "disk.img", scratch / "seen"
    tool("cp", "--sparse=always", base.disk, disk)
    root = f"{disk}?offset={ROOT_AT * MIB}"
    (scratch / "nothing").write_text(NOTHING)
    took = [f"rm {PROGRAM}", f"rm {GENERATOR}", f"write {scratch / 'nothing'} /usr/local/bin/cloud-init"]
    took.append("set_inode_field /usr/local/bin/cloud-init mode 0100755")
    tool("debugfs", "-w", "-f", "-", root, stdin="".join(f"{each}\n" for each in took))
    shown = run((*drive(disk, reads=False), *as_cd(iso), "-nic", "none"))
    assert "edgefleet: the seed is in place\n" in shown
    seen.mkdir()
    network = ("-nic", f"user,restrict=on,ipv6=off,model=virtio-net-pci,mac={MAC}")
    return boot((*drive(disk, reads=False), *network), root, seen)


def test_the_node_becomes_what_it_shall_be(booted: Booted) -> None:
    """Name, zone, address, users, and k3s, by the payload on its own disk."""
    facts = booted.facts
    said = "\n".join(line for line in facts["journal"] if " sh[" in line or "edgefleet" in line)
    assert ("depot-n1", []) == (facts["hostname"], facts["failed"]), said
    assert "k3s stand-in: started as server" in booted.console, said
    assert facts["timezone"].endswith("/Europe/Berlin")
    assert facts["settled"], (facts["status"], said)
    found = {one["local"] for each in facts["addresses"] for one in each["addr_info"]}
    assert "10.1.5.10" in found
    assert ASSETS["k3s"] == booted.files["/usr/local/bin/k3s"].content
    assert [ARCHIVE] == facts["k3s"]["images"]
    keys = booted.files[f"/{HOME}/.ssh/authorized_keys"]
    assert (0o600, True) == (keys.mode, keys.content.startswith(b"ssh-ed25519 "))
    assert "installed" in {file.rpartition("-")[2].removesuffix(".service") for file in facts["units"]}


def test_no_copy_of_the_script_is_left(booted: Booted) -> None:
    """It holds every secret of the node, and goes once all of it was done."""
    assert "/var/lib/edgefleet/first-boot.sh" not in booted.files
    token = str(booted.facts["k3s"]["config"]["token"]).encode()
    assert ["/etc/rancher/k3s/config.yaml"] == [
        path
        for path, entry in booted.files.items()
        if token in entry.content and not path.startswith("/var/lib/edgefleet/configurations/")
    ]
