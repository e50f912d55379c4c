"""Small file systems made by the tools of their own kind, the same bytes every time and for every user."""

import os
from collections.abc import Mapping
from pathlib import Path

from edgefleet.io import disk, tools

KIB = 1024
LEAST_FAT = 1024
"""KiB of the smallest FAT that is made."""


def fat(files: Mapping[str, bytes], *, label: str, serial: str, scratch: Path, image: Path) -> None:
    """A FAT file system with `files` in its root.

    Args:
        files: dict[name -> content].
        label: its name, at most 11 characters.
        serial: 8 hexadecimal digits.
        scratch: a private directory; what is put there is removed.
        image: where it is made.
    """
    needed = sum(-(-len(content) // 4096) * 4096 for content in files.values()) // KIB
    size = max(LEAST_FAT, -(-(needed * 5 // 4 + 256) // 1024) * 1024)
    tools.use("mkfs.vfat", "--invariant", "-i", serial, "-n", label, "-C", image, str(size))
    sources = [scratch / name for name in sorted(files)]
    for source in sources:
        disk.jot(source, files[source.name])
        os.utime(source, (tools.EPOCH, tools.EPOCH))
    tools.use("mcopy", "-m", "-i", image, *sources, "::/")
    for source in sources:
        disk.remove(source)


def squashfs(folder: Path, image: Path) -> None:
    """A squashfs of `folder`: owned by root, of one time, not compressed, as what it holds is already."""
    tools.use(
        "mksquashfs",
        folder,
        image,
        *("-noappend", "-quiet", "-no-progress", "-all-root", "-no-xattrs", "-no-exports"),
        *("-mkfs-time", str(tools.EPOCH), "-all-time", str(tools.EPOCH)),
        *("-noD", "-noI", "-noF", "-noX", "-no-fragments", "-root-mode", "0755"),
        *("-action", "chmod(0755)@type(d)", "-action", "chmod(0644)@type(f)"),
        *("-action", "chmod(0755)@pathname(bin/*)"),
    )
    with disk.explaining(image, "cannot be written"):
        image.chmod(disk.PRIVATE_FILE)
