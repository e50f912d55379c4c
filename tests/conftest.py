"""What tests of several packages need of the machine."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long one example takes is the machine's affair: beside other work a limit would fail what is right.
settings.register_profile("edgefleet", deadline=None)
settings.load_profile("edgefleet")


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB that is a file, full of other bytes."""
    file = tmp_path / "disk.img"
    file.write_bytes(b"\xff" * 8 * 1024**2)
    if os.geteuid() != 0:
        pytest.skip("needs root: loop devices are made by nobody else")
    made = subprocess.run(["losetup", "--find", "--show", file], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip("needs loop devices, which this machine does not have")
    device = Path(made.stdout.strip())
    yield device
    subprocess.run(["losetup", "--detach", device], check=True)
