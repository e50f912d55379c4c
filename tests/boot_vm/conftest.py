"""Machines for boot tests, and which tools they need."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.boot_vm.base_system import TRIXIE, BaseSystem, base_system
from tests.boot_vm.nodes import PAYLOAD, payload_disk
from tests.boot_vm.running import PLACES

TOOLS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "debugfs": "e2fsprogs",
    "sfdisk": "fdisk",
    "mkfs.vfat": "dosfstools",
    "mcopy": "mtools",
    "mksquashfs": "squashfs-tools",
    "xorriso": "xorriso",
    "grub-mkimage": "grub-common",
}
"""dict[tool -> Debian package]."""
PARTS = {
    "/usr/share/OVMF/OVMF_CODE.fd": "ovmf",
    "/usr/lib/grub/i386-pc/boot.img": "grub-pc-bin",
    "/usr/lib/grub/x86_64-efi/moddep.lst": "grub-efi-amd64-bin",
}
"""dict[file -> Debian package]."""


def missing() -> list[str]:
    """Debian packages that boot tests need and this machine lacks."""
    tools = {package for tool, package in TOOLS.items() if shutil.which(tool, path=PLACES) is None}
    return sorted(tools | {package for path, package in PARTS.items() if not Path(path).exists()})


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """All tests here skip where a tool is missing, and say which packages have them."""
    if lacking := missing():
        pytest.skip(f"needs tools to start machines: apt-get install {' '.join(lacking)}")


@pytest.fixture(scope="session")
def base(tools: None) -> BaseSystem:  # noqa: ARG001 - without them none can be made
    """A Debian that was never started."""
    return base_system()


@pytest.fixture(scope="session")
def newer_base(tools: None) -> BaseSystem:  # noqa: ARG001 - without them none can be made
    """A newer one, with containerd and crun."""
    return base_system(TRIXIE)


@pytest.fixture(scope="session")
def payload_medium(tools: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - made by them
    """A second medium that has the payload alone."""
    return payload_disk(PAYLOAD, tmp_path_factory.mktemp("payload"))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory whose large files are not kept."""
    folder = tmp_path_factory.mktemp("machines")
    yield folder
    shutil.rmtree(folder)
