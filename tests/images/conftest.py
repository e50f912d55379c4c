"""Small bases that real tools make, and what an image is composed of."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgefleet.io import disk
from edgefleet.io.tools import PACKAGES, PLACES
from edgefleet.model.composing import Ingredients

MIB = 1024**2
TABLE = """\
label: gpt
label-id: 11111111-2222-3333-4444-555555555555
14: start=2048, size=6144, type=21686148-6449-6E6F-744E-656564454649
15: start=8192, size=20480, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="EFI"
1: start=32768, size=40960, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name="root"
"""
"""As Debian's cloud images are: BIOS and EFI partitions, then the root, which is the first."""
SEED = {
    "user-data": b"#cloud-config\n{}\n",
    "meta-data": b"instance-id: x\n",
    "network-config": b"version: 2\n",
}


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skip without the tools, naming their packages."""
    path = ":".join(PLACES)
    missing = sorted({PACKAGES.get(tool, tool) for tool in tools if shutil.which(tool, path=path) is None})
    return pytest.mark.skipif(bool(missing), reason=f"needs tools: apt-get install {' '.join(missing)}")


def run(*command: str | Path, stdin: str = "") -> str:
    """Run a tool; what it prints."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    done = subprocess.run(
        [*map(str, command)], input=stdin, capture_output=True, text=True, check=False, env=environment
    )
    assert 0 == done.returncode, done.stderr + done.stdout
    return done.stdout


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A disk image of 40 MiB with an EFI loader for amd64 and an ext4 root."""
    return made_base(tmp_path / "base.img")


def made_base(image: Path, *, table: str = TABLE, loader: str = "BOOTX64.EFI") -> Path:
    """A disk image with `table`."""
    disk.write(image, b"")
    with image.open("r+b") as file:
        file.truncate(40 * MIB)
    run("sfdisk", "-q", image, stdin=table)
    if "EFI" in table:
        esp = f"{image}@@{8192 * 512}"
        run("mkfs.vfat", "--invariant", "--offset=8192", image, "10240")
        run("mmd", "-i", esp, "::/EFI", "::/EFI/BOOT")
        run("mcopy", "-i", esp, "/etc/os-release", f"::/EFI/BOOT/{loader}")
        run("mke2fs", "-q", "-t", "ext4", "-L", "root", "-E", f"offset={32768 * 512}", image, "20M")
    return image


@pytest.fixture
def ingredients(tmp_path: Path) -> Callable[..., Ingredients]:
    """What an image is composed of; each call has a scratch directory of its own."""
    count = 0

    def make(base: Path, **others: object) -> Ingredients:
        nonlocal count
        count += 1
        scratch = tmp_path / f"scratch-{count}"
        disk.make_directory(scratch)
        values: dict[str, object] = {
            "node": "n1",
            "arch": "amd64",
            "disk": 64 * MIB,
            "parts": "sha256:" + "a" * 64,
            "seed": SEED,
            "base": base,
            "base_digest": f"sha256:{disk.sha256(base)}",
            "scratch": scratch,
            "shared": tmp_path / "shared",
        }
        return Ingredients(**{**values, **others})  # type: ignore[arg-type]  # a test names what differs

    return make


@pytest.fixture
def payload(tmp_path: Path) -> Path:
    """A payload of two files."""
    folder = tmp_path / "payload"
    disk.write(folder / "bin" / "k3s", b"a binary\n" * 1000)
    disk.write(folder / "images" / "k3s.tar.zst", bytes(range(256)) * 300)
    return folder
