"""The same Debian as a whole disk that starts by itself, under BIOS and UEFI: what `raw` takes for a base.

GPT with a BIOS boot partition, a system partition and the root, which is last, as cloud images have it.
GRUB is put in as its own installer does it, without the loop devices that that one wants: boot.img is set to
where the second stage lies, and the second stage how long it is (GRUB, grub-core/boot/i386/pc/*.S).
"""

import struct
from pathlib import Path

from tests.boot_vm.running import tool

GRUB = Path("/usr/lib/grub")
SECTOR, MIB = 512, 2**20
BIOS_BOOT, ESP_AT, ROOT_AT = 1, 2, 34
"""MiB from the beginning of the disk."""
TABLE = f"""label: gpt
label-id: 5A0FB1A2-7C5B-4B11-9D0C-0B1F3C2D4E01
start={BIOS_BOOT}MiB, size={ESP_AT - BIOS_BOOT}MiB, type=21686148-6449-6E6F-744E-656564454649
start={ESP_AT}MiB, size={ROOT_AT - ESP_AT}MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start={ROOT_AT}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
"""
MODULES = (
    "part_gpt",
    "ext2",
    "normal",
    "linux",
    "search",
    "search_label",
    "serial",
    "echo",
    "configfile",
    "boot",
)
KERNEL_SECTOR = 0x5C
"""Where boot.img keeps the sector of the second stage, eight bytes."""
BOOT_CODE = 440


def make_disk(root: Path, disk: Path, *, label: str) -> None:
    """The whole disk with the file system `root`, whose label is `label`."""
    early = disk.with_name("early.cfg")
    early.write_text(f"search --no-floppy --set=root --label {label}\nset prefix=($root)/boot/grub\n")
    size = ROOT_AT * MIB + root.stat().st_size + MIB
    with disk.open("wb") as file:
        file.truncate(size)
    tool("sfdisk", "-q", disk, stdin=TABLE)
    tool("dd", f"if={root}", f"of={disk}", "bs=1M", f"seek={ROOT_AT}", "conv=notrunc,sparse", "status=none")
    _for_bios(disk, early)
    _for_uefi(disk, early)


def _for_bios(disk: Path, early: Path) -> None:
    core = disk.with_name("core.img")
    _grub("i386-pc", core, early, "biosdisk")
    boot = bytearray((GRUB / "i386-pc" / "boot.img").read_bytes()[:BOOT_CODE])
    at = BIOS_BOOT * MIB // SECTOR
    struct.pack_into("<Q", boot, KERNEL_SECTOR, at)
    stage = bytearray(core.read_bytes())
    struct.pack_into("<QHH", stage, SECTOR - 12, at + 1, -(-len(stage) // SECTOR) - 1, 0x820)
    with disk.open("r+b") as file:
        file.write(boot)
        file.seek(BIOS_BOOT * MIB)
        file.write(stage)


def _for_uefi(disk: Path, early: Path) -> None:
    loader, esp = disk.with_name("BOOTX64.EFI"), disk.with_name("esp.img")
    _grub("x86_64-efi", loader, early, "fat")
    with esp.open("wb") as file:
        file.truncate((ROOT_AT - ESP_AT) * MIB)
    tool("mkfs.vfat", "-n", "ESP", esp)
    tool("mmd", "-i", esp, "::/EFI", "::/EFI/BOOT")
    tool("mcopy", "-i", esp, loader, "::/EFI/BOOT/BOOTX64.EFI")
    tool("dd", f"if={esp}", f"of={disk}", "bs=1M", f"seek={ESP_AT}", "conv=notrunc,sparse", "status=none")
    esp.unlink()


def _grub(kind: str, image: Path, early: Path, *modules: str) -> None:
    tool("grub-mkimage", "-O", kind, "-o", image, "-p", "/boot/grub", "-c", early, *MODULES, *modules)
