"""A data disk that is bound to the node's TPM: made, opened again, and not opened by another node.

The TPM is a stand-in in software (swtpm), with its state in a folder: another folder is another chip.
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot_vm.base_system import BaseSystem
from tests.boot_vm.machine import Booted, Machine, drive
from tests.boot_vm.nodes import KEY, NETWORK, NODE, SeededNode, golden_site, seeded_node
from tests.boot_vm.running import PLACES, tool

from edgefleet.keys.disk_recovery import recovery_passphrase
from edgefleet.model.hardware import DataDisk

pytestmark = pytest.mark.boot
Boot = Callable[[str], Booted]
ANOTHER_KEY = base64.b64encode(b"a key of another site, of tests.").decode()
DEVICE = "/dev/disk/by-id/virtio-records"
PATH = "/var/lib/rancher"


@pytest.fixture(scope="module", autouse=True)
def chips() -> None:
    """All tests here skip where there is no TPM to be had, or nothing to look at a disk's header with."""
    wanted = {"swtpm": "swtpm", "cryptsetup": "cryptsetup-bin"}
    if lacking := [package for name, package in wanted.items() if shutil.which(name, path=PLACES) is None]:
        pytest.skip(f"needs a TPM in software: apt-get install {' '.join(lacking)}")


@pytest.fixture(scope="module")
def seeded() -> SeededNode:
    """The golden server, whose records are on a disk of their own."""
    site = golden_site()
    node = site.nodes[NODE]
    disk = DataDisk(device=DEVICE, path=PATH, encryption="tpm2")
    hardware = replace(node.hardware, data_disk=disk)
    return seeded_node(replace(site, nodes={NODE: replace(node, hardware=hardware)}))


@contextmanager
def tpm(state: Path) -> Iterator[tuple[str, ...]]:
    """QEMU's options for a TPM whose memory is a folder."""
    state.mkdir(exist_ok=True)
    socket = state.parent / f"{state.name}.socket"
    command = ["swtpm", "socket", "--tpm2", f"--tpmstate=dir={state}", f"--ctrl=type=unixio,path={socket}"]
    with subprocess.Popen([*command, "--terminate"]) as running:
        try:
            yield (
                *("-chardev", f"socket,id=chip,path={socket}"),
                *("-tpmdev", "emulator,id=tpm,chardev=chip", "-device", "tpm-tis,tpmdev=tpm"),
            )
        finally:
            running.terminate()


@pytest.fixture(scope="module")
def records(scratch: Path) -> Path:
    """A blank disk."""
    image = scratch / "records.img"
    tool("truncate", "-s", "256M", image)
    return image


@pytest.fixture(scope="module")
def boots(base: BaseSystem, seeded: SeededNode, payload_medium: Path, records: Path, scratch: Path) -> Boot:
    """Boots the machine once more, with a TPM of a name."""
    machine = Machine(base=base, folder=scratch / "machine", payload=payload_medium, options=NETWORK)
    own = drive(records, reads=False, serial="records")

    def once_more(chip: str) -> Booted:
        with tpm(scratch / chip) as options:
            return machine.boot(seeded.seed.data, options=(*own, *options))

    return once_more


@pytest.fixture(scope="module")
def first(boots: Boot) -> Booted:
    """The first boot, with a blank disk."""
    return boots("chip")


@pytest.fixture(scope="module")
def second(boots: Boot, first: Booted) -> Booted:  # noqa: ARG001 - it comes before
    """The second, with the same TPM."""
    return boots("chip")


@pytest.fixture(scope="module")
def elsewhere(boots: Boot, second: Booted) -> Booted:  # noqa: ARG001 - it comes before
    """The disk and the system's in another machine."""
    return boots("another chip")


def mounted(booted: Booted) -> list[str]:
    """What is mounted at the disk's place: what, and as what."""
    found = [line.split()[1:3] for line in booted.facts["mounts"] if line.split()[0] == PATH]
    return found[0] if found else []


def test_a_blank_disk_is_encrypted_and_k3s_keeps_its_records_there(first: Booted, records: Path) -> None:
    """LUKS2 on the disk, ext4 in it; what was written below the path before is on it."""
    assert ["/dev/mapper/edgefleet-data", "ext4"] == mounted(first)
    assert "crypto_LUKS" == tool("blkid", "-p", "-s", "TYPE", "-o", "value", records).strip()
    assert first.facts["settled"]
    assert "data-disk: /var/lib/rancher is on" in first.journal


def test_the_same_node_opens_it_at_each_boot_by_itself(second: Booted) -> None:
    """Nobody types anything, and nothing is made again."""
    assert ["/dev/mapper/edgefleet-data", "ext4"] == mounted(second)
    assert second.facts["settled"]
    assert "healthy" in second.facts["status"]


def test_another_machine_does_not_open_it_and_starts_no_k3s(elsewhere: Booted) -> None:
    """It says what is the matter, and leaves the disk as it is."""
    assert [] == mounted(elsewhere)
    assert "active" != elsewhere.facts["units"]["k3s.service"]["ActiveState"]
    assert b"its TPM does not open it" in elsewhere.files["/var/lib/edgefleet/problems/data-disk"].content


def test_its_owner_opens_it_with_what_the_header_says(elsewhere: Booted, records: Path) -> None:  # noqa: ARG001 - it comes before
    """By a passphrase that no image holds: from the site's key and a public key in the header."""
    header = json.loads(tool("cryptsetup", "token", "export", "--token-id", "9", records))
    passphrase = recovery_passphrase(KEY, node=NODE, node_public_key=header["public"])
    tool("cryptsetup", "open", "--test-passphrase", "--key-file", "-", records, stdin=passphrase)
    other = recovery_passphrase(ANOTHER_KEY, node=NODE, node_public_key=header["public"])
    with pytest.raises(AssertionError, match="No key available"):
        tool("cryptsetup", "open", "--test-passphrase", "--key-file", "-", records, stdin=other)
