"""Step `data_disk`: on real disks, as far as this machine has them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import data_disk
from edgefleet.model.firstboot import Target

TOOLS = ("losetup", "mkfs.ext4", "wipefs", "blkid", "lsblk", "mountpoint")


@pytest.fixture
def device(tmp_path: Path) -> Iterator[str]:
    """A blank disk of 64 MiB."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.getuid() or lacking:
        pytest.skip(f"needs root and loop devices; {lacking}: apt-get install util-linux e2fsprogs")
    disk = tmp_path / "disk.img"
    with disk.open("wb") as file:
        file.truncate(64 << 20)
    found = subprocess.run(
        ["losetup", "--find", "--show", str(disk)], capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.skip("needs loop devices, which this machine does not give: apt-get install util-linux")
    yield found.stdout.strip()
    subprocess.run(["umount", str(tmp_path / "data")], check=False, capture_output=True)
    subprocess.run(["losetup", "--detach", found.stdout.strip()], check=True)


@pytest.fixture
def script(target: Targets) -> str:
    """The script of a node with an encrypted disk."""
    return script_of(target("recipe-1/data-disk", "srv"))


def script_of(target: Target) -> str:
    """The step's script."""
    return next(
        file.content.decode() for file in data_disk.plan(target).files if file.path == data_disk.SCRIPT
    )


def test_the_key_is_bound_to_the_registers_that_the_fleet_file_names(target: Targets) -> None:
    """By default to the state of Secure Boot."""
    one = target("recipe-1/data-disk", "srv")
    assert "pcrs=7\n" in script_of(one)
    assert one.node.hardware.data_disk is not None
    disk = replace(one.node.hardware.data_disk, pcrs=(4, 7, 9))
    node = replace(one.node, hardware=replace(one.node.hardware, data_disk=disk))
    script = script_of(replace(one, site=replace(one.site, nodes={**one.site.nodes, "srv": node})))
    assert "pcrs=4+7+9\n" in script
    assert '--tpm2-pcrs="$pcrs" "$real"' in script


def run(script: str, at: Path, device: str, encryption: str = "none") -> subprocess.CompletedProcess[str]:
    """Run it for another disk and path."""
    given = {"device": device, "path": at / "data", "encryption": encryption, "work": at / "work"}
    lines = [
        f"{key}='{given[key]}'" if (key := line.partition("=")[0]) in given else line
        for line in script.splitlines()
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "EDGEFLEET_STATE": str(at / "state"),
        "EDGEFLEET_WAIT_SECONDS": "0",
    }
    command = ["/bin/sh", "-c", "\n".join(lines)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_what_was_written_before_is_on_the_disk_and_not_below_it(
    script: str, device: str, tmp_path: Path
) -> None:
    """A second run finds it mounted, a later one mounts it again."""
    config = tmp_path / "data/k3s/config"
    config.parent.mkdir(parents=True)
    config.write_text("first\n")
    config.chmod(0o600)
    done = run(script, tmp_path, device)
    assert 0 == done.returncode, done.stderr
    assert (tmp_path / "data").is_mount()
    assert ("first\n", 0o600) == (config.read_text(), config.stat().st_mode & 0o777)
    assert "is mounted" in run(script, tmp_path, device).stdout
    subprocess.run(["umount", str(tmp_path / "data")], check=True)
    assert [] == list((tmp_path / "data").iterdir())
    assert 0 == run(script, tmp_path, device).returncode
    assert "first\n" == config.read_text()


def test_what_holds_anything_is_left_as_it_is(script: str, device: str, tmp_path: Path) -> None:
    """A file system of somebody else's, and bytes that no tool knows."""
    subprocess.run(["mkfs.ext4", "-q", "-L", "photos", device], check=True)
    done = run(script, tmp_path, device)
    assert 1 == done.returncode
    assert "holds other data" in (tmp_path / "state/problems/data-disk").read_text()
    subprocess.run(["wipefs", "--all", "--quiet", device], check=True)
    assert 1 == run(script, tmp_path, device).returncode


def test_a_disk_that_was_left_half_made_is_made_again(script: str, device: str, tmp_path: Path) -> None:
    """The power went away in the middle."""
    half = script.replace('"mkfs.$filesystem" "$@"', "printf half >$real; exit 9; true")
    assert 9 == run(half, tmp_path, device).returncode
    done = run(script, tmp_path, device)
    assert 0 == done.returncode, done.stderr


def test_a_node_without_a_tpm_says_so_and_writes_nothing(script: str, device: str, tmp_path: Path) -> None:
    if Path("/dev/tpmrm0").exists():
        pytest.skip("this machine has a TPM; that needs one without, not apt-get install")
    done = run(script, tmp_path, device, "tpm2")
    assert 1 == done.returncode
    assert not (tmp_path / "state/data-disk-in-the-making").exists()
    assert bytes(1 << 20) == Path(device).read_bytes()[: 1 << 20]


def test_a_disk_that_is_away_is_reported_in_a_sentence(script: str, tmp_path: Path) -> None:
    done = run(script, tmp_path, "/dev/disk/by-id/nobody")
    assert 1 == done.returncode
    assert "check that it is plugged in" in (tmp_path / "state/problems/data-disk").read_text()


def test_k3s_is_not_started_without_its_disk(target: Targets) -> None:
    step = data_disk.plan(target("recipe-1/data-disk", "till"))
    (drop_in,) = [file for file in step.files if file.path.endswith("k3s-agent.service.d/data-disk.conf")]
    assert b"ExecStartPre=/usr/bin/mountpoint -q /var/lib/data" in drop_in.content
    assert not data_disk.plan(target("recipe-1/server-static")).files
