"""What cloud-init does when the medium is away, by its own ds-identify."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgefleet.boot import cloud_init
from edgefleet.model.firstboot import Target

DS_IDENTIFY = Path("/usr/lib/cloud-init/ds-identify")
ENABLED, DISABLED = 0, 1
"""What ds-identify answers to systemd's generator."""
PROGRAMS = {
    "uname": "echo 'Linux box 6.1.0 #1 SMP {machine} GNU/Linux'",
    "blkid": "printf 'DEVNAME=/dev/vda1\\nTYPE=ext4\\n\\nDEVNAME=/dev/sda\\nTYPE=iso9660\\nLABEL={label}\\n'",
    "systemd-detect-virt": "echo none; exit 1",
    "dmidecode": "exit 1",
}
"""Stand-ins for what ds-identify asks of the machine."""


def identified(root: Path, machine: str, label: str) -> int:
    """The answer of ds-identify on a node with `root`, whose other medium has `label`."""
    programs = root / "programs"
    for folder in ("programs", "run", "proc", "etc/cloud", "sys/class/dmi/id", "dev"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "proc" / "cmdline").write_text("root=/dev/vda1\n")
    for name, line in PROGRAMS.items():
        program = programs / name
        program.write_text(f"#!/bin/sh\n{line.format(machine=machine, label=label)}\n")
        program.chmod(0o755)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "PATH_ROOT": str(root), "DI_LOG": "stderr"}
    done = subprocess.run(
        ["/bin/sh", str(DS_IDENTIFY), "--force"],
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode


def test_cloud_init_is_configured_by_its_own_file(target: Callable[..., Target]) -> None:
    """One line, for everybody to read."""
    (file,) = cloud_init.plan(target()).files
    assert ("/etc/cloud/ds-identify.cfg", 0o644) == (file.path, file.mode)
    assert b"policy: search,found=all,maybe=none,notfound=disabled\n" == file.content


@pytest.mark.skipif(not DS_IDENTIFY.exists(), reason="needs ds-identify: apt-get install cloud-init")
@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "armv7l"])
def test_a_node_stays_as_it_is_without_its_medium_and_takes_a_new_one(
    target: Callable[..., Target], tmp_path: Path, machine: str
) -> None:
    """Off without a seed, on every kind of board; on again with one."""
    (file,) = cloud_init.plan(target()).files
    place = tmp_path / file.path.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_bytes(file.content)
    assert DISABLED == identified(tmp_path, machine, "OTHER")
    assert ENABLED == identified(tmp_path, machine, "cidata")


@pytest.mark.skipif(not DS_IDENTIFY.exists(), reason="needs ds-identify: apt-get install cloud-init")
def test_without_the_file_an_arm_board_would_be_set_up_anew(tmp_path: Path) -> None:
    """The reason for the step; once this fails, cloud-init does it by itself."""
    assert ENABLED == identified(tmp_path, "aarch64", "OTHER")
