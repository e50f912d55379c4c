"""Small installer ISOs as Debian's and Ubuntu's are: the same boot records and places, of other contents.

A kernel and an initrd may be handed in, so that one of these boots.
"""

import shutil
from pathlib import Path
from typing import Literal

from tests.images.conftest import run

from edgefleet.io import disk

Kind = Literal["debian", "ubuntu"]
ISOLINUX = Path("/usr/lib/ISOLINUX")
MODULES = Path("/usr/lib/syslinux/modules/bios")
GRUB = Path("/usr/lib/grub")
NEEDED = {
    ISOLINUX / "isolinux.bin": "isolinux",
    MODULES / "ldlinux.c32": "syslinux-common",
    GRUB / "i386-pc" / "boot_hybrid.img": "grub-pc-bin",
    GRUB / "x86_64-efi" / "moddep.lst": "grub-efi-amd64-bin",
    Path("/usr/bin/grub-mkimage"): "grub-common",
    Path("/usr/bin/xorriso"): "xorriso",
    Path("/usr/bin/mcopy"): "mtools",
    Path("/usr/sbin/mkfs.vfat"): "dosfstools",
}
"""dict[what the making takes -> its package]."""
DIRECTORIES = {"amd64": "install.amd", "arm64": "install.a64", "armhf": "install.ahf"}
LOADERS = {"amd64": "bootx64.efi", "arm64": "bootaa64.efi", "armhf": "bootarm.efi"}
SEARCH = "search --no-floppy --file --set=root /.disk/info\nset prefix=($root)/boot/grub\n"
GRUB_MODULES = (
    "iso9660",
    "search",
    "search_fs_file",
    "normal",
    "linux",
    "configfile",
    "echo",
    "test",
    "serial",
)
DATE = "2024010203040500"
"""When it was made: its UUID, too."""


def missing() -> list[str]:
    """Packages that are not there."""
    return sorted({package for path, package in NEEDED.items() if not path.exists()})


def made_installer(
    out: Path,
    kind: Kind = "debian",
    *,
    arch: str = "amd64",
    kernel: Path | None = None,
    initrd: Path | None = None,
) -> Path:
    """An installer of `kind` for `arch`; without a kernel and an initrd it starts nothing."""
    tree = out.with_suffix(".tree")
    _content(tree, kind, arch, kernel, initrd)
    _efi(tree, out.with_suffix(".efi"), arch)
    boot = _debian(tree) if kind == "debian" else _ubuntu(tree, out.with_suffix(".efi"))
    run(
        "xorriso",
        *("-as", "mkisofs", "-quiet", "-r", "-J", "-joliet-long", "-iso-level", "3"),
        *(f"--modification-date={DATE}", "-V", f"{kind} small"),
        *(boot if arch == "amd64" else _efi_alone(out.with_suffix(".efi"))),
        *("-o", out, tree),
    )
    shutil.rmtree(tree)
    return out


def _content(tree: Path, kind: Kind, arch: str, kernel: Path | None, initrd: Path | None) -> None:
    system, initrd_name = (DIRECTORIES[arch], "initrd.gz") if kind == "debian" else ("casper", "initrd")
    info = "Debian GNU/Linux 12.5.0" if kind == "debian" else "Ubuntu-Server 24.04 LTS"
    _put(tree / system / "vmlinuz", kernel.read_bytes() if kernel else b"a kernel\n" * 300)
    _put(tree / system / initrd_name, initrd.read_bytes() if initrd else b"an initrd\n" * 900)
    _put(tree / ".disk" / "info", f'{info} "Small" - Official {arch} NETINST 20240102-03:04\n'.encode())
    _put(tree / "boot" / "grub" / "grub.cfg", b"echo 'the menu of the base'\n")
    if kind == "debian":
        _put(tree / "dists" / "bookworm" / "main" / f"binary-{arch}" / "Packages.gz", b"packages\n")
    else:
        _put(tree / "casper" / "install-sources.yaml", b"- default: true\n  id: ubuntu-server\n")
    sums = [f"{'0' * 32}  ./boot/grub/grub.cfg", f"{'1' * 32}  ./{system}/vmlinuz"]
    _put(tree / "md5sum.txt", "".join(f"{line}\n" for line in sums).encode())


def _put(path: Path, content: bytes) -> None:
    disk.write(path, content, mode=0o644)


def _efi(tree: Path, image: Path, arch: str) -> None:
    """A FAT with GRUB, which looks for the medium and reads its menu."""
    loader = image.with_suffix(".loader")
    if arch == "amd64":
        start = image.with_suffix(".start")
        start.write_text(f"{SEARCH}configfile $prefix/grub.cfg\n")
        made = ("-O", "x86_64-efi", "-o", loader, "-p", "/boot/grub", "-c", start)
        run("grub-mkimage", *made, "part_gpt", "part_msdos", "fat", *GRUB_MODULES)
        start.unlink()
    else:
        loader.write_bytes(b"no loader for this machine\n")
    _put(tree / "EFI" / "boot" / LOADERS[arch], loader.read_bytes())
    run("mkfs.vfat", "--invariant", "-C", image, "4096")
    run("mmd", "-i", image, "::/EFI", "::/EFI/BOOT")
    run("mcopy", "-i", image, loader, f"::/EFI/BOOT/{LOADERS[arch].upper()}")
    loader.unlink()


def _debian(tree: Path) -> list[str | Path]:
    """As debian-cd does: isolinux for BIOS, an image of a FAT for UEFI, both from a disk too."""
    _put(tree / "isolinux" / "isolinux.bin", (ISOLINUX / "isolinux.bin").read_bytes())
    _put(tree / "isolinux" / "ldlinux.c32", (MODULES / "ldlinux.c32").read_bytes())
    _put(tree / "isolinux" / "isolinux.cfg", b"SAY the menu of the base\n")
    efi = tree.with_suffix(".efi")
    _put(tree / "boot" / "grub" / "efi.img", efi.read_bytes())
    return [
        *("-isohybrid-mbr", ISOLINUX / "isohdpfx.bin"),
        *("-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat"),
        *("-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"),
        *("-eltorito-alt-boot", "-e", "boot/grub/efi.img", "-no-emul-boot", "-isohybrid-gpt-basdat"),
    ]


def _ubuntu(tree: Path, efi: Path) -> list[str | Path]:
    """As Ubuntu does since 22.04: GRUB for both, the FAT as a partition behind the files."""
    core = tree / "boot" / "grub" / "i386-pc" / "eltorito.img"
    start = tree.with_suffix(".start")
    start.write_text(f"{SEARCH}configfile $prefix/grub.cfg\n")
    core.parent.mkdir(parents=True)
    made = ("-O", "i386-pc-eltorito", "-o", core, "-p", "/boot/grub", "-c", start)
    run("grub-mkimage", *made, "biosdisk", *GRUB_MODULES)
    start.unlink()
    return [
        *("--grub2-mbr", GRUB / "i386-pc" / "boot_hybrid.img", "--protective-msdos-label"),
        *("-partition_offset", "16", "--mbr-force-bootable"),
        *("-append_partition", "2", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", efi, "-appended_part_as_gpt"),
        *("-iso_mbr_part_type", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"),
        *("-b", "boot/grub/i386-pc/eltorito.img", "-c", "boot.catalog"),
        *("-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info"),
        *("-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot"),
    ]


def _efi_alone(efi: Path) -> list[str | Path]:
    """As on arm64: UEFI, from a partition behind the files."""
    return [
        *("-append_partition", "2", "0xef", efi),
        *("-e", "--interval:appended_partition_2:all::", "-no-emul-boot", "-partition_offset", "16"),
    ]
